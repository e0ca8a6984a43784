import { randomInt } from 'node:crypto'
import type { ImportOptions, ImportSummary, Protocol } from '../bundle.ts'
import type { Call, Page } from '../adapter/call.ts'
import type { DriverTransfer, StorageDriver } from '../adapter/driver.ts'
import { InvalidArgumentError, StoredDataError, UnsupportedError, isStorageError } from '../errors.ts'
import { PROTOCOLS } from './methods.ts'
import { PROTOCOL_OF, checkRecord } from './record-check.ts'
import type { CountersExport, StorageRecord } from '../records.ts'
import { sizeOf } from './size.ts'
import { options } from '../rules/objects.ts'
import { reading } from '../rules/validate.ts'

const PAGE_RECORDS = 500
const PAGE_BYTES = 1024 * 1024

/** What export and import need of the handle they run on. */
export interface TransferContext {
  readonly driver: StorageDriver
  readonly maxValueBytes: number
  /** Whether a schema that is missing may be made. */
  readonly create: boolean
  /** Rejects when the handle closes. */
  readonly closed: Promise<never>
  /** A call with a deadline of its own. */
  call(protocol: Protocol, method: string, operation: string, args: readonly unknown[]): Call
  read(call: Call): Promise<unknown>
}

function transferOf({ driver }: TransferContext): DriverTransfer {
  if (driver.transfer === undefined || !driver.capabilities.has('export'))
    throw new UnsupportedError('export', `${driver.backend} does not have it.`)
  return driver.transfer
}

/** Goes through all records, protocol by protocol; what this contract cannot hold is marked `unfit`. */
export async function* exportAll(context: TransferContext): AsyncGenerator<StorageRecord> {
  const transfer = transferOf(context)
  for (const protocol of PROTOCOLS) {
    let cursor: string | null = null
    do {
      const page = (await context.read(
        context.call(protocol, 'exportRecords', 'exportPage', [cursor]),
      )) as Page<StorageRecord>
      for (const record of page.items) {
        const { unfit } = checkRecord(record, context.maxValueBytes)
        yield unfit === null ? record : { ...record, unfit }
      }
      cursor = page.next
    } while (cursor !== null)
  }
  yield { type: 'counters', ...(await transfer.counters()) }
}

/**
 * Fills an empty store; see `StorageHandle.importRecords`. Arguments that are wrong, and a first record that is none, are
 * refused before the store is touched; `begun` is called once it is marked.
 */
export async function importAll(
  context: TransferContext,
  records: AsyncIterable<StorageRecord> | Iterable<StorageRecord>,
  importOptions: ImportOptions | undefined,
  begun: () => void,
): Promise<ImportSummary> {
  const transfer = transferOf(context)
  const { unfit } = options(importOptions, ['unfit'])
  if (unfit !== undefined && unfit !== 'skip')
    throw new InvalidArgumentError('unfit', "must be 'skip', or left out")

  const summary = { imported: 0, skipped: 0 }
  const counters = { seq: 0, fence: 0 }
  const source = iteratorOf(records, context.closed)
  try {
    const first = await source.next()
    if (first.done !== true) checkRecord(first.value, context.maxValueBytes)
    const importTicket = randomInt(1, 2 ** 47)
    await transfer.begin(importTicket, context.create)
    begun()
    const fit = fitRecords(context, goOn(first, source), unfit === 'skip', summary, counters)
    for await (const { protocol, items, bytes } of inPages(fit)) {
      const call = context.call(protocol, 'importRecords', 'importPage', [items])
      const { deadline } = call
      const page = { calls: [call], atomic: false, bytes, deadline, accessDeadline: null, importTicket }
      await context.driver.write(page)
      summary.imported += items.length
    }
    await finish(transfer, importTicket, counters)
    return summary
  } finally {
    source.end()
  }
}

const FINISH_TRIES = 3

/** The end may be told twice, so that a lost answer need not leave anybody in doubt. */
async function finish(transfer: DriverTransfer, ticket: number, counters: Omit<CountersExport, 'type'>) {
  for (let tries = 1; ; tries++) {
    try {
      return await transfer.finish(ticket, counters)
    } catch (error) {
      if (!isStorageError(error) || error.outcome !== 'unknown' || tries >= FINISH_TRIES) throw error
    }
  }
}

/** The records that this contract can hold, copied; the counters are raised to the highest numbers seen. */
async function* fitRecords(
  { maxValueBytes }: TransferContext,
  records: AsyncIterable<unknown>,
  skip: boolean,
  summary: { skipped: number },
  counters: { seq: number; fence: number },
): AsyncGenerator<StorageRecord> {
  for await (const given of records) {
    const { record, unfit } = checkRecord(given, maxValueBytes)
    if (unfit !== null) {
      if (!skip)
        throw new StoredDataError(record.type, 'record', `cannot be held by this contract (${unfit})`)
      summary.skipped++
      continue
    }
    if ('seq' in record) counters.seq = Math.max(counters.seq, record.seq)
    if ('fence' in record) counters.fence = Math.max(counters.fence, record.fence)
    yield record
  }
}

interface ImportPage {
  readonly protocol: Protocol
  readonly items: readonly StorageRecord[]
  readonly bytes: number
}

/** Neighbours of one protocol, some hundred at a time and about a megabyte. Counters end a page and are none of it. */
async function* inPages(records: AsyncIterable<StorageRecord>): AsyncGenerator<ImportPage> {
  let items: StorageRecord[] = []
  let protocol: Protocol | null = null
  let bytes = 0
  for await (const record of records) {
    const next = record.type === 'counters' ? null : PROTOCOL_OF[record.type]
    if (protocol !== null && (next !== protocol || items.length >= PAGE_RECORDS || bytes >= PAGE_BYTES)) {
      yield { protocol, items, bytes }
      items = []
      bytes = 0
    }
    protocol = next
    if (next === null) continue
    items.push(record)
    bytes += sizeOf(record)
  }
  if (protocol !== null) yield { protocol, items, bytes }
}

/** What an import goes through, one record after another. */
interface Source {
  /** Rejects also when `stopped` does. */
  next(): Promise<IteratorResult<unknown, unknown>>
  /** Tells the iterable that nobody goes on; nobody waits for what it makes of that. */
  end(): void
}

/** @throws InvalidArgumentError if there is nothing to go through. */
export function iteratorOf(records: unknown, stopped: Promise<never>): Source {
  const iterator = reading('records', () => {
    const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = (
      typeof records === 'object' && records !== null ? records : {}
    ) as { [Symbol.asyncIterator]?: unknown; [Symbol.iterator]?: unknown }
    const iterate = async ?? sync
    const found: unknown = typeof iterate === 'function' ? Reflect.apply(iterate, records, []) : null
    if (typeof (found as Partial<AsyncIterator<unknown>> | null)?.next !== 'function')
      throw new InvalidArgumentError('records', 'must be an iterable of records')
    return found as AsyncIterator<unknown, unknown>
  })
  let isOver = false
  return {
    async next() {
      const item: unknown = await Promise.race([iterator.next(), stopped])
      if (typeof item !== 'object' || item === null)
        throw new InvalidArgumentError('records', 'must be an iterable of records')
      const result = item as IteratorResult<unknown, unknown>
      isOver = result.done === true
      return result
    },
    end() {
      if (!isOver) void (async () => iterator.return?.())().catch(() => {})
      isOver = true
    },
  }
}

/** What a source gives from `first` on. */
export async function* goOn(first: IteratorResult<unknown>, source: Source): AsyncGenerator<unknown> {
  for (let item = first; item.done !== true; item = await source.next()) yield item.value
}
