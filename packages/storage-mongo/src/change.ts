import type { AnyBulkWriteOperation, Collection } from 'mongodb'
import { isTransient } from './driver-errors.ts'
import type { MongoContext } from './mongo-context.ts'

/** By operator, then by field: what an update sets. */
export interface Change {
  readonly $set?: object
  readonly $setOnInsert?: object
  readonly $inc?: object
  readonly $max?: object
  readonly $currentDate?: object
}

export type Write =
  | { readonly insertOne: { readonly document: object } }
  | { readonly updateOne: { readonly filter: object; readonly update: object; readonly upsert: boolean } }
  | { readonly deleteOne: { readonly filter: object } }
  | { readonly updateMany: { readonly filter: object; readonly update: readonly object[] } }
  | { readonly deleteMany: { readonly filter: object } }

export const insertOne = (document: object): Write => ({ insertOne: { document } })
export const updateOne = (_id: unknown, update: object, upsert: boolean): Write => {
  return { updateOne: { filter: { _id }, update, upsert } }
}
export const deleteOne = (_id: unknown, also: object = {}): Write => ({
  deleteOne: { filter: { _id, ...also } },
})

const PASSING = { passing: true }

/** So that nobody else writes these documents, or makes them where there are none, before the commit. */
export function guarding(ids: readonly unknown[]): Write[] {
  const touch = { $setOnInsert: PASSING, $currentDate: { judged: { $type: 'timestamp' } } }
  return [...ids.map((id) => updateOne(id, touch, true)), ...ids.map((id) => deleteOne(id, PASSING))]
}

/** One of them is not worth the driver's preparations for many. */
export function send(
  collection: Collection,
  writes: readonly Write[],
  context: MongoContext,
): Promise<unknown> {
  const [first] = writes
  return first !== undefined && writes.length === 1
    ? sendOne(collection, first, context)
    : collection.bulkWrite(writes as readonly AnyBulkWriteOperation[], context.options)
}

function sendOne(collection: Collection, write: Write, { options }: MongoContext): Promise<unknown> {
  if ('insertOne' in write) return collection.insertOne(write.insertOne.document, options)
  if ('updateOne' in write) {
    const { filter, update, upsert } = write.updateOne
    return collection.updateOne(filter, update, { ...options, upsert })
  }
  if ('deleteOne' in write) return collection.deleteOne(write.deleteOne.filter, options)
  return collection.bulkWrite([write] as AnyBulkWriteOperation[], options)
}

/** What two changes of one document come to. */
export function merged(first: Change, second: Change): Change {
  const operators = new Set([...Object.keys(first), ...Object.keys(second)]) as Set<keyof Change>
  const both = Array.from(operators, (name) => [name, { ...first[name], ...second[name] }] as const)
  const { $setOnInsert, ...change }: Change = Object.fromEntries(both)
  if ($setOnInsert === undefined) return change
  const rest = Object.entries($setOnInsert).filter(([field]) => !(field in (change.$set ?? {})))
  return rest.length === 0 ? change : { ...change, $setOnInsert: Object.fromEntries(rest) }
}

/**
 * Waits for all of them: what is not answered yet may still begin a transaction that was ended by then. Of several that
 * fail, the error that says most: the others fail because the transaction is over.
 */
export async function allOf<T extends readonly Promise<unknown>[] | []>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  const settled = await Promise.allSettled(promises)
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (errors.length > 0) throw errors.find((error) => !isTransient(error)) ?? errors[0]
  return Promise.all(promises)
}
