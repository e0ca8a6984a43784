import type { Page } from '@dir/storage-core'
import { BSON, type Collection } from 'mongodb'
import type { MongoContext } from './mongo-context.ts'
import type { CollectionName, Documents } from './documents.ts'

const { EJSON } = BSON
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
  const filter = cursor === null ? {} : { [key]: { $gt: (EJSON.parse(cursor) as { after: unknown }).after } }
  const found = (context.collection(name) as unknown as Collection)
    .find(filter, context.options)
    .sort({ [key]: 1 })
    .limit(PAGE_DOCUMENTS)
  const items: Item[] = []
  let bytes = 0
  for await (const document of found as unknown as AsyncIterable<Documents[C]>) {
    const item = toItem(document)
    if (item !== null) items.push(item)
    bytes += roughSize(document)
    if (bytes >= PAGE_BYTES) return { items, next: after(document[key]) }
    if (items.length === PAGE_DOCUMENTS) return { items, next: after(document[key]) }
  }
  return { items, next: null }
}

const after = (key: unknown): string => EJSON.stringify({ after: key }, { relaxed: false })

export function roughSize(document: object): number {
  let bytes = 100
  for (const value of Object.values(document)) if (typeof value === 'string') bytes += value.length
  return bytes
}
