import { CANONICAL_ORDER, type StorageRecord } from '@dir/storage-core'
import { StoreError } from './errors.ts'
import { Sorter } from './sorter.ts'

const TYPES = Object.keys(CANONICAL_ORDER)

/** Which place a type of record has in the canonical order. */
export function placeOf({ type }: StorageRecord): number {
  return TYPES.indexOf(type)
}

/** What a record is sorted by, as bytes that compare as its fields do: none of them holds a zero. */
export function sortKey(record: StorageRecord): Buffer {
  const fields = record as unknown as Readonly<Record<string, string | null>>
  return Buffer.from(CANONICAL_ORDER[record.type].map((field) => fields[field] ?? '').join('\0'))
}

const keyOfLine = (line: string): Buffer => sortKey(JSON.parse(line) as StorageRecord)

/** The canonical form of an export: JSON lines that are the same for the same content, whatever backend has it. */
export async function* canonicalLines(records: AsyncIterable<StorageRecord>): AsyncGenerator<string> {
  let place = -1
  let sorter: Sorter | undefined
  try {
    for await (const record of records) {
      if (placeOf(record) !== place) {
        if (placeOf(record) < place) throw outOfOrder(record)
        place = placeOf(record)
        yield* sorter?.sorted() ?? []
        await sorter?.end()
        sorter = CANONICAL_ORDER[record.type].length > 0 ? new Sorter(keyOfLine) : undefined
      }
      const line = JSON.stringify(record)
      if (sorter === undefined) yield line
      else await sorter.add(sortKey(record), line)
    }
    yield* sorter?.sorted() ?? []
  } finally {
    await sorter?.end()
  }
}

function outOfOrder({ type }: StorageRecord): StoreError {
  return new StoreError(`A record of the type ${type} comes too late: an export has them type by type.`)
}
