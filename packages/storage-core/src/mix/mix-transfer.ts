import { Ahead } from './ahead.ts'
import { Channel } from './channel.ts'
import type { ImportOptions, ImportSummary, StorageHandle } from '../handle/storage-handle.ts'
import { InvalidArgumentError, UnsupportedError, withDoubt } from '../errors/index.ts'
import type { Owners } from './owners.ts'
import { CommonStart, startTogether } from '../handle/common-start.ts'
import { PROTOCOLS } from '../protocols/index.ts'
import { PROTOCOL_OF, checkRecord } from '../protocols/record-check.ts'
import { goOn, iteratorOf } from '../handle/source.ts'
import { WholeExport } from '../handle/whole-export.ts'
import type { StorageRecord } from '../protocols/index.ts'
import type { CountersExport } from '../protocols/record-rules.ts'

function handlesOf(owners: Owners): readonly StorageHandle[] {
  const handles = [...new Set(Object.values(owners))]
  if (handles.includes(null))
    throw new UnsupportedError('export', 'A single store of this mix has no export.')
  return handles as StorageHandle[]
}

/**
 * Protocol by protocol, each from its own backend; the counters last. A handle of another make may have its records in
 * another order: then what it has out of turn comes at the end.
 */
export async function* exportMix(owners: Owners): AsyncGenerator<StorageRecord> {
  const numbers = { seq: 0, fence: 0 }
  const sources = new Map(
    handlesOf(owners).map((handle) => [handle, new Ahead(ownRecords(owners, handle, numbers))]),
  )
  let records = 0
  try {
    for (const protocol of PROTOCOLS) {
      const source = sources.get(owners[protocol] as StorageHandle)
      for await (const record of source?.takeWhile(({ type }) => PROTOCOL_OF[type] === protocol) ?? []) {
        records++
        yield record
      }
    }
    for (const source of sources.values())
      for await (const record of source.takeWhile(() => true)) {
        records++
        yield record
      }
  } finally {
    await Promise.all(sources.values().map((source) => source.end()))
  }
  yield { type: 'counters', ...numbers, records }
}

type Own = Exclude<StorageRecord, CountersExport>

/** A backend's records of the protocols that come from it; its counters go into `numbers`. */
async function* ownRecords(
  owners: Owners,
  handle: StorageHandle,
  numbers: { seq: number; fence: number },
): AsyncGenerator<Own> {
  for await (const record of handle.exportRecords()) {
    if (record.type === 'counters') {
      if (owners.decisionAudit === handle) numbers.seq = record.seq
      if (owners.resourceLock === handle) numbers.fence = record.fence
    } else if (owners[PROTOCOL_OF[record.type]] === handle) yield record
  }
}

/**
 * Hands each record to the backend of its protocol; all backends import at once, at the pace of the slowest. None of them
 * writes before all have begun, so that nothing is changed where one is not empty; and none ends before all have written
 * everything, so that after a failure until then the import can be run again on all. If one fails in the very last step,
 * those that have ended must be dropped before that.
 */
export async function importMix(
  owners: Owners,
  records: AsyncIterable<StorageRecord> | Iterable<StorageRecord>,
  options?: ImportOptions,
): Promise<ImportSummary> {
  const channels = new Map(handlesOf(owners).map((handle) => [handle, new Channel<StorageRecord>()]))
  const counts = new Map<Channel<StorageRecord>, number>()
  const all = [...channels.values()]
  const start = new CommonStart(all.length)
  for (const channel of all) startTogether(channel, start)
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {}) // thrown at the end
  let failure: { readonly error: unknown } | undefined
  const source = iteratorOf(records, failed.promise)
  const fail = (error: unknown): void => {
    failure ??= { error }
    failed.reject(error)
    start.fail(error)
    for (const channel of all) channel.end({ error })
  }
  const feed = async (): Promise<void> => {
    try {
      await pushAll(await deal())
    } catch (error) {
      if (start.isOpen) await settle()
      throw error
    }
    // with the counters an import writes the page that it has, then asks whether there is more
    await settle()
    for (const channel of all) channel.end()
  }
  const deal = async (): Promise<CountersExport> => {
    const whole = new WholeExport()
    let counters: CountersExport = { type: 'counters', seq: 0, fence: 0, records: 0 }
    const first = await source.next()
    if (first.done === true) whole.end()
    for await (const given of goOn(first, source)) {
      const record = given as StorageRecord
      if (record?.type === 'counters') {
        const { record: copy, unfit, why } = checkRecord(record, 0)
        if (unfit !== null) throw new InvalidArgumentError('records', `have counters that are unfit (${why})`)
        whole.take(copy, true)
        counters = copy as CountersExport
        await start.open()
      } else {
        const channel = targetOf(record)
        whole.take(record, false) // its own backend looks at it
        counts.set(channel, (counts.get(channel) ?? 0) + 1)
        await start.open()
        await channel.push(record)
      }
    }
    whole.end()
    return counters
  }
  const pushAll = async (counters: CountersExport): Promise<void> => {
    await Promise.all(all.map((one) => one.push({ ...counters, records: counts.get(one) ?? 0 })))
  }
  const settle = async (): Promise<void> => {
    await Promise.all(all.map((channel) => channel.isIdle()))
  }
  const targetOf = (record: StorageRecord): Channel<StorageRecord> => {
    const owner = owners[PROTOCOL_OF[record?.type as keyof typeof PROTOCOL_OF]]
    const channel = owner === null ? undefined : channels.get(owner)
    if (channel === undefined)
      throw new InvalidArgumentError('records', 'holds something that is no record of a known type')
    return channel
  }
  const imports = Array.from(channels, ([handle, channel]) => handle.importRecords(channel, options))
  const [, ...summaries] = await Promise.all(
    [feed(), ...imports].map((one) => one.catch(fail)) as [Promise<void>, ...Promise<ImportSummary | void>[]],
  )
  source.end()
  // where one fails in the last step and another has ended, it is not so that nothing was imported
  if (failure !== undefined)
    throw summaries.every((one) => one === undefined) ? failure.error : withDoubt(failure.error)
  return summaries.reduce<ImportSummary>(
    (sum, one) => ({
      imported: sum.imported + (one?.imported ?? 0),
      skipped: sum.skipped + (one?.skipped ?? 0),
    }),
    { imported: 0, skipped: 0 },
  )
}
