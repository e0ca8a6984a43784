import type { Page } from '@dir/storage-core/adapter'
import type { Document, Timestamp } from 'mongodb'
import type { MongoContext } from './mongo-context.ts'
import type { CollectionName, Documents } from './documents.ts'

const PAGE_DOCUMENTS = 500
const PAGE_BYTES = 4 * 1024 * 1024

/** Which documents a page looks at, by an index that ends with its key. */
interface Look {
  readonly match: Document
  /**
   * An expression for those of them that are wanted; of what it does not take, however much that is, the server sends the
   * place alone.
   */
  readonly fits: Document
}

/**
 * Documents in the order of fields whose values are unique together, from the cursor on, as long as they are not too much at
 * once. The page ends with the last document that it looked at, whether that is an item or (null) not.
 */
export async function exportPage<C extends CollectionName, Item>(
  context: MongoContext,
  name: C,
  keys: readonly string[],
  cursor: string | null,
  toItem: (document: Documents[C]) => Item | null,
  { match = {}, fits }: Partial<Look> = {},
): Promise<Page<Item>> {
  const from = cursor === null ? {} : beyond(keys, await read(context, cursor))
  const order = Object.fromEntries(keys.map((key) => [key, 1]))
  const place = Object.fromEntries(keys.map((key, index) => [`key${index}`, `$${key}`]))
  const shown = fits === undefined ? '$$ROOT' : { $cond: [fits, '$$ROOT', null] }
  const found = context
    .untyped(name)
    .aggregate<Found<Documents[C]>>(
      [
        { $match: { ...match, ...from } },
        { $sort: order },
        { $limit: PAGE_DOCUMENTS },
        { $project: { _id: 0, place, document: shown } },
      ],
      context.options,
    )
  const items: Item[] = []
  let [seen, bytes] = [0, 0]
  for await (const { place: at, document } of found) {
    const item = document === null ? null : toItem(document)
    if (item !== null) items.push(item)
    bytes += roughSize(document ?? {})
    if (++seen === PAGE_DOCUMENTS || bytes >= PAGE_BYTES) return { items, next: after(Object.values(at)) }
  }
  return { items, next: null }
}

interface Found<D> {
  readonly place: Readonly<Record<string, unknown>>
  readonly document: D | null
}

/** Those that come after these values of the keys: with the first ones equal, the next one is greater. */
function beyond(keys: readonly string[], values: readonly unknown[]): Document {
  return {
    $or: keys.map((key, index) => {
      const equal = keys.slice(0, index).map((name, at) => [name, { $eq: values[at] }] as const)
      return { ...Object.fromEntries(equal), [key]: { $gt: values[index] } }
    }),
  }
}

/** Keys as text. */
function after(keys: readonly unknown[]): string {
  return JSON.stringify(keys, function (this: Record<string, unknown>, name) {
    const value = this[name] // before its `toJSON`
    return isTimestamp(value) ? { t: value.getHighBitsUnsigned(), i: value.getLowBitsUnsigned() } : value
  })
}

interface Halves {
  readonly t: number
  readonly i: number
}

/** The keys that `after` wrote. A timestamp in them must be made by the client's own copy of the driver. */
async function read({ connection }: MongoContext, text: string): Promise<readonly unknown[]> {
  if (!text.includes('"t":')) return JSON.parse(text) as unknown[]
  const { operationTime } = (await connection.ask({ ping: 1 })) as { operationTime: Timestamp }
  const Own = operationTime.constructor as new (halves: Halves) => Timestamp
  return JSON.parse(text, (_, value: unknown) => (isHalves(value) ? new Own(value) : value)) as unknown[]
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
