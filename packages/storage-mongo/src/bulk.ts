import type { AnyBulkWriteOperation, Collection } from 'mongodb'
import type { CollectionName } from './documents.ts'
import { isDuplicate } from './driver-errors.ts'
import type { MongoContext } from './mongo-context.ts'

const TRIES = 5

/**
 * An operation that is one write whose caller only waits for its end: beside others of its kind it shares a commit
 * with them.
 */
export interface BulkOperation<Args extends readonly unknown[]> {
  (context: MongoContext, ...args: Args): Promise<void>
  readonly collectionOf: (first: Args[0]) => CollectionName
  readonly toWrite: (...args: Args) => AnyBulkWriteOperation
}

export function bulk<Args extends readonly unknown[]>(
  collectionOf: (first: Args[0]) => CollectionName,
  toWrite: (...args: Args) => AnyBulkWriteOperation,
): BulkOperation<Args> {
  const alone = async (context: MongoContext, ...args: Args): Promise<void> => {
    const collection = context.collection(collectionOf(args[0])) as unknown as Collection
    const write = toWrite(...args)
    await upserting(context, () => collection.bulkWrite([write], context.options))
  }
  return Object.assign(alone, { collectionOf, toWrite })
}

export function upsertOne(_id: unknown, update: object): AnyBulkWriteOperation {
  return { updateOne: { filter: { _id } as object, update, upsert: true } }
}

/** Writes documents as they are, each over whatever has its `_id`. */
export async function replaceAll(
  context: MongoContext,
  name: CollectionName,
  documents: readonly { readonly _id: unknown }[],
): Promise<void> {
  const writes = documents.map(({ _id, ...replacement }): AnyBulkWriteOperation => {
    return { replaceOne: { filter: { _id } as object, replacement, upsert: true } }
  })
  await (context.collection(name) as unknown as Collection).bulkWrite(writes, context.options)
}

export function deleteOne(_id: unknown): AnyBulkWriteOperation {
  return { deleteOne: { filter: { _id } as object } }
}

/**
 * Where another writer inserted the same `_id` at the same moment, an upsert is done again and finds that document.
 * Inside a transaction the whole is run again anyway.
 */
async function upserting<T>(context: MongoContext, write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write()
    } catch (error) {
      if (context.session !== undefined || tries >= TRIES || !isDuplicate(error)) throw error
    }
  }
}
