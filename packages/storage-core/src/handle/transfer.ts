import type { ImportOptions, ImportSummary, Protocol } from '../bundle.ts'
import type { Call, Page } from '../adapter/call.ts'
import type { DriverTransfer, StorageDriver } from '../adapter/driver.ts'
import { InvalidArgumentError, StoredDataError, UnsupportedError } from '../errors.ts'
import { PROTOCOLS } from './methods.ts'
import { PROTOCOL_OF, checkRecord } from './record-check.ts'
import type { StorageRecord } from '../records.ts'
import { sizeOf } from './size.ts'
import { options } from '../rules/validate.ts'

const PAGE_RECORDS = 500
const PAGE_BYTES = 1024 * 1024

/** What export and import need of the handle they run on. */
export interface TransferContext {
  readonly driver: StorageDriver
  readonly maxValueBytes: number
  /** A call with a deadline of its own. */
  call(protocol: Protocol, method: string, operation: string, args: readonly unknown[]): Call
  read(call: Call): Promise<unknown>
  /** The store is being filled from now on: the handle refuses every other write until that is finished. */
  begun(): unknown
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

/** Fills an empty store; see `StorageHandle.importRecords`. */
export async function importAll(
  context: TransferContext,
  records: AsyncIterable<StorageRecord> | Iterable<StorageRecord>,
  importOptions: ImportOptions | undefined,
): Promise<ImportSummary> {
  const transfer = transferOf(context)
  const { unfit } = options(importOptions, ['unfit'])
  if (unfit !== undefined && unfit !== 'skip')
    throw new InvalidArgumentError('unfit', "must be 'skip', or left out")
  if (!isIterable(records)) throw new InvalidArgumentError('records', 'must be an iterable of records')
  await transfer.begin()
  context.begun()

  let page: StorageRecord[] = []
  let pageProtocol: Protocol | null = null
  let bytes = 0
  const send = async (): Promise<void> => {
    if (pageProtocol === null || page.length === 0) return
    const call = context.call(pageProtocol, 'importRecords', 'importPage', [page])
    await context.driver.write({
      calls: [call],
      atomic: false,
      bytes,
      deadline: call.deadline,
      accessDeadline: null,
    })
    page = []
    bytes = 0
  }

  const counters = { seq: 0, fence: 0 }
  let imported = 0
  let skipped = 0
  for await (const given of records) {
    const { record, unfit: reason } = checkRecord(given, context.maxValueBytes)
    if (reason !== null) {
      if (unfit !== 'skip')
        throw new StoredDataError(record.type, 'record', `cannot be held by this contract (${reason})`)
      skipped++
      continue
    }
    // the copy has exactly the fields of its type
    if ('seq' in record) counters.seq = Math.max(counters.seq, record.seq)
    if ('fence' in record) counters.fence = Math.max(counters.fence, record.fence)
    if (record.type === 'counters') continue
    const protocol = PROTOCOL_OF[record.type]
    if (protocol !== pageProtocol || page.length >= PAGE_RECORDS || bytes >= PAGE_BYTES) await send()
    pageProtocol = protocol
    page.push(record)
    bytes += sizeOf(record)
    imported++
  }
  await send()
  await transfer.finish(counters)
  return { imported, skipped }
}

function isIterable(records: unknown): boolean {
  return (
    typeof records === 'object' &&
    records !== null &&
    (Symbol.asyncIterator in records || Symbol.iterator in records)
  )
}
