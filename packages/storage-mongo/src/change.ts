import type { AnyBulkWriteOperation, Collection } from 'mongodb'
import { isTransient } from './driver-errors.ts'
import type { MongoContext } from './mongo-context.ts'

/** By operator, then by field: what an update sets. */
export interface Change {
  readonly $set?: object
  readonly $setOnInsert?: object
  readonly $inc?: object
  readonly $currentDate?: object
}

export type Write =
  | { readonly insertOne: { readonly document: object } }
  | { readonly updateOne: { readonly filter: object; readonly update: object; readonly upsert: boolean } }
  | { readonly deleteOne: { readonly filter: object } }

export const insertOne = (document: object): Write => ({ insertOne: { document } })
export const updateOne = (_id: unknown, update: object, upsert: boolean): Write => {
  return { updateOne: { filter: { _id }, update, upsert } }
}
export const deleteOne = (_id: unknown): Write => ({ deleteOne: { filter: { _id } } })

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
  return collection.deleteOne(write.deleteOne.filter, options)
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

/** Of several that fail, the error that says most: the others fail because the transaction is over by then. */
export async function allOf(writes: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(writes)
  const errors = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
  if (errors.length > 0) throw errors.find((error) => !isTransient(error)) ?? errors[0]
}
