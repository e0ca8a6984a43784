import type { ImportOptions, ImportSummary, StorageHandle } from '../bundle.ts'
import { UnsupportedError } from '../errors.ts'
import type { Owners } from './mix-storage.ts'
import { PROTOCOL_OF } from '../handle/record-check.ts'
import type { CountersExport, StorageRecord } from '../records.ts'

function handlesOf(owners: Owners): readonly StorageHandle[] {
  const handles = [...new Set(Object.values(owners))]
  if (handles.includes(null))
    throw new UnsupportedError('export', 'A single store of this mix has no export.')
  return handles as StorageHandle[]
}

/** Each backend's records of the protocols that come from it; the counters last, each from its own protocol's backend. */
export async function* exportMix(owners: Owners): AsyncGenerator<StorageRecord> {
  const counters: { -readonly [K in 'seq' | 'fence']: CountersExport[K] } = { seq: 0, fence: 0 }
  for (const handle of handlesOf(owners)) {
    for await (const record of handle.exportRecords()) {
      if (record.type === 'counters') {
        if (owners.decisionAudit === handle) counters.seq = record.seq
        if (owners.resourceLock === handle) counters.fence = record.fence
      } else if (owners[PROTOCOL_OF[record.type]] === handle) yield record
    }
  }
  yield { type: 'counters', ...counters }
}

/** Hands each record to the backend of its protocol; all backends import at once, at the pace of the slowest. */
export async function importMix(
  owners: Owners,
  records: AsyncIterable<StorageRecord> | Iterable<StorageRecord>,
  options?: ImportOptions,
): Promise<ImportSummary> {
  const channels = new Map(handlesOf(owners).map((handle) => [handle, new Channel<StorageRecord>()]))
  const imports = Array.from(channels, ([handle, channel]) =>
    handle.importRecords(channel, options).catch((error: unknown) => {
      channel.stop()
      throw error
    }),
  )
  const feed = async (): Promise<void> => {
    for await (const record of records) {
      const targets =
        record.type === 'counters'
          ? [...channels.values()]
          : [channels.get(owners[PROTOCOL_OF[record.type]] as StorageHandle)]
      for (const channel of targets) await channel?.push(record)
    }
  }
  const feeding = feed().then(
    () => channels.forEach((channel) => channel.end()),
    (error: unknown) => {
      channels.forEach((channel) => channel.end(error))
      throw error
    },
  )
  const [, ...summaries] = await Promise.all([feeding, ...imports])
  return summaries.reduce(
    (sum, one) => ({ imported: sum.imported + one.imported, skipped: sum.skipped + one.skipped }),
    { imported: 0, skipped: 0 },
  )
}

/** A queue of one item between a writer who waits and a reader. */
class Channel<Item> implements AsyncIterable<Item> {
  #item: { readonly value: Item } | undefined
  #ended: { readonly error?: unknown } | undefined
  #wake: (() => void) | undefined

  async push(value: Item): Promise<void> {
    while (this.#item !== undefined && this.#ended === undefined) await this.#changed()
    this.#item = { value }
    this.#tell()
  }

  end(error?: unknown): void {
    this.#ended = error === undefined ? {} : { error }
    this.#tell()
  }

  /** The reader is gone: what is pushed from now on is dropped. */
  stop(): void {
    this.#ended ??= {}
    this.#tell()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for (;;) {
      if (this.#item !== undefined) {
        const { value } = this.#item
        this.#item = undefined
        this.#tell()
        yield value
      } else if (this.#ended === undefined) await this.#changed()
      else if ('error' in this.#ended) throw this.#ended.error
      else return
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  #tell(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
