import type { Page } from '@dir/storage-core/adapter'
import type { Timestamp } from 'mongodb'
import type { MongoContext } from './mongo-context.ts'
import type { CollectionName, Documents } from './documents.ts'

const PAGE_DOCUMENTS = 500
const PAGE_BYTES = 4 * 1024 * 1024

/** Documents in the order of a field with unique values, from the cursor on, as long as they are not too much at once. */
export async function exportPage<C extends CollectionName, Item>(
  context: MongoContext,
  name: C,
  key: keyof Documents[C] & string,
  cursor: string | null,
  toItem: (document: Documents[C]) => Item | null,
): Promise<Page<Item>> {
  const filter = cursor === null ? {} : { [key]: { $gt: await read(context, cursor) } }
  const found = context
    .untyped(name)
    .find(filter, context.options)
    .sort({ [key]: 1 })
    .limit(PAGE_DOCUMENTS)
  const items: Item[] = []
  let bytes = 0
  for await (const one of found) {
    const document = one as object as Documents[C]
    const item = toItem(document)
    if (item !== null) items.push(item)
    bytes += roughSize(document)
    if (bytes >= PAGE_BYTES) return { items, next: after(document[key]) }
    if (items.length === PAGE_DOCUMENTS) return { items, next: after(document[key]) }
  }
  return { items, next: null }
}

/** A key as text. */
function after(key: unknown): string {
  return JSON.stringify({ after: key }, function (this: Record<string, unknown>, name) {
    const value = this[name] // before its `toJSON`
    return isTimestamp(value) ? { t: value.getHighBitsUnsigned(), i: value.getLowBitsUnsigned() } : value
  })
}

interface Halves {
  readonly t: number
  readonly i: number
}

/** The key that `after` wrote. A timestamp in it must be made by the client's own copy of the driver. */
async function read({ connection }: MongoContext, text: string): Promise<unknown> {
  if (!text.includes('"t":')) return (JSON.parse(text) as { after: unknown }).after
  const { operationTime } = (await connection.ask({ ping: 1 })) as { operationTime: Timestamp }
  const Own = operationTime.constructor as new (halves: Halves) => Timestamp
  const { after: key } = JSON.parse(text, (_, value: unknown) => {
    return isHalves(value) ? new Own(value) : value
  }) as { after: unknown }
  return key
}

function isTimestamp(value: unknown): value is Timestamp {
  return (value as { _bsontype?: unknown } | null | undefined)?._bsontype === 'Timestamp'
}

function isHalves(value: unknown): value is Halves {
  const { t, i } = (value ?? {}) as Partial<Halves>
  return typeof t === 'number' && typeof i === 'number'
}

export function roughSize(document: object): number {
  let bytes = 100
  for (const value of Object.values(document)) if (typeof value === 'string') bytes += value.length
  return bytes
}
