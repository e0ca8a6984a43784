import { randomInt } from 'node:crypto'
import type { ImportOptions, ImportSummary } from './storage-handle.ts'
import type { Call } from '../adapter/call.ts'
import type { DriverTransfer, StorageDriver } from '../adapter/driver.ts'
import { InvalidArgumentError, StoredDataError, UnsupportedError, isStorageError } from '../errors/index.ts'
import { commonStartOf } from './common-start.ts'
import { PROTOCOLS, type Protocol, type StorageRecord } from '../protocols/index.ts'
import { fromPages } from '../protocols/pages.ts'
import type { Page } from '../protocols/protocol.ts'
import { PROTOCOL_OF, checkRecord } from '../protocols/record-check.ts'
import type { Counters } from '../protocols/record-rules.ts'
import { sizeOf } from './size.ts'
import { options } from '../rules/options.ts'
import { goOn, iteratorOf } from './source.ts'
import { WholeExport } from './whole-export.ts'

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
  /** Asks the driver for something else, as long as the handle is open. */
  whenOpen<T>(act: () => Promise<T>): Promise<T>
}

function transferOf({ driver }: TransferContext): DriverTransfer {
  if (driver.transfer === undefined || !driver.capabilities.has('export'))
    throw new UnsupportedError('export', `${driver.backend} does not have it.`)
  return driver.transfer
}

/** Goes through all records, protocol by protocol, their fields in one order on every backend; what this contract cannot hold is marked `unfit`. */
export async function* exportAll(context: TransferContext): AsyncGenerator<StorageRecord> {
  const transfer = transferOf(context)
  let records = 0
  for (const protocol of PROTOCOLS) {
    const ask = async (cursor: string | null): Promise<Page<StorageRecord>> => {
      const call = context.call(protocol, 'exportRecords', 'exportPage', [cursor])
      return (await context.read(call)) as Page<StorageRecord>
    }
    for await (const record of fromPages(ask)) {
      const { record: inOrder, unfit } = checkRecord(record, context.maxValueBytes)
      records++
      yield unfit === null ? inOrder : { ...record, unfit }
    }
  }
  yield { type: 'counters', ...(await context.whenOpen(() => transfer.counters())), records }
}

/**
 * Fills an empty store; see `StorageHandle.importRecords`. Arguments that are wrong, and a first record that is none, are
 * refused before the store is touched; `marked` is told when it has the mark of this import, and when it has lost it again.
 */
export async function importAll(
  context: TransferContext,
  records: AsyncIterable<StorageRecord> | Iterable<StorageRecord>,
  importOptions: ImportOptions | undefined,
  marked: (isMarked: boolean) => void,
): Promise<ImportSummary> {
  const transfer = transferOf(context)
  const { unfit } = options(importOptions, ['unfit'])
  if (unfit !== undefined && unfit !== 'skip')
    throw new InvalidArgumentError('unfit', "must be 'skip', or left out")

  const summary = { imported: 0, skipped: 0 }
  const counters = { seq: 0, fence: 0 }
  const source = iteratorOf(records, context.closed)
  try {
    const start = commonStartOf(records)
    let first: IteratorResult<unknown, unknown> | undefined
    if (start !== undefined) await Promise.race([start.opened, context.closed])
    else {
      first = await source.next()
      if (first.done === true) new WholeExport().end()
      else checkRecord(first.value, context.maxValueBytes)
    }
    const importTicket = randomInt(1, 2 ** 47)
    await transfer.begin(importTicket, context.create)
    marked(true)
    while ((await transfer.clear?.(importTicket)) === true);
    await start?.join(records).catch(async (error: unknown) => {
      await transfer.finish(importTicket, counters) // empty as it was
      marked(false)
      throw error
    })
    first ??= await source.next()
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

/**
 * The end may be told twice, so that a lost answer need not leave anybody in doubt. Where telling it again is refused,
 * nothing is known of the first time all the same.
 */
async function finish(transfer: DriverTransfer, ticket: number, counters: Counters) {
  let lost: unknown
  for (let tries = 1; ; tries++) {
    try {
      return await transfer.finish(ticket, counters)
    } catch (error) {
      const isLost = isStorageError(error) && error.outcome === 'unknown'
      if (!isLost || tries >= FINISH_TRIES) throw lost ?? error
      lost = error
    }
  }
}

/** The records of a whole export that this contract can hold, copied; the counters are raised to the highest numbers seen. */
async function* fitRecords(
  { maxValueBytes }: TransferContext,
  records: AsyncIterable<unknown>,
  skip: boolean,
  summary: { skipped: number },
  counters: { seq: number; fence: number },
): AsyncGenerator<StorageRecord> {
  const whole = new WholeExport()
  for await (const given of records) {
    const { record, unfit, why } = checkRecord(given, maxValueBytes)
    whole.take(record, unfit === null)
    if (unfit !== null) {
      if (!skip) throw new StoredDataError(record.type, 'record', `cannot be held by this contract (${why})`)
      summary.skipped++
      continue
    }
    if ('seq' in record) counters.seq = Math.max(counters.seq, record.seq)
    if ('fence' in record) counters.fence = Math.max(counters.fence, record.fence)
    yield record
  }
  whole.end()
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
