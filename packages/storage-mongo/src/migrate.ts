import { SchemaError } from '@dir/storage-core'
import { importUnfinished } from '@dir/storage-core/adapter'
import type { CreateCollectionOptions } from 'mongodb'
import type { CollectionName } from './documents.ts'
import type { MongoContext } from './mongo-context.ts'
import { SCHEMA_VERSION, STEPS, mongoSchema } from './schema.ts'

/** Makes the namespace, or takes it forward (`create` false: only checks). Any number of processes may do so at once. */
export async function migrate(context: MongoContext, create: boolean): Promise<void> {
  const { version, newest } = await schemaOf(context)
  if (version > SCHEMA_VERSION)
    throw new SchemaError(
      `This namespace was written by a newer version of this package. Update @dir/storage-mongo to ${newest} or newer.`,
      String(version),
      String(SCHEMA_VERSION),
    )
  if (version === SCHEMA_VERSION) return
  if (!create)
    throw new SchemaError(
      'This namespace has no schema, or an older one, and init: false changes none. Open it once without.',
      version === 0 ? 'none' : String(version),
      String(SCHEMA_VERSION),
    )
  // each step may be done again, so that one that was interrupted, or is done by several at once, ends alike
  await change(context, version)
  const marked = { value: SCHEMA_VERSION, package: STEPS.at(-1)?.package ?? '' }
  await context
    .collection('meta')
    .updateOne(
      { _id: 'schema_version', value: { $lt: SCHEMA_VERSION } },
      { $set: marked },
      { ...context.options, upsert: true },
    )
    .catch(unless(DUPLICATE)) // somebody was quicker
}

/** What a namespace that somebody dropped under an open handle is refused with. */
export function droppedMeanwhile(): SchemaError {
  return new SchemaError(
    'This namespace was dropped while this handle was open. Close it, and open another.',
    'none',
    String(SCHEMA_VERSION),
  )
}

interface Found {
  /** 0: there is none. */
  readonly version: number
  /** The version of the package that its schema needs. */
  readonly newest: string
}

export async function schemaOf(context: MongoContext): Promise<Found> {
  const document = await context.collection('meta').findOne({ _id: 'schema_version' }, context.options)
  return { version: document?.value ?? 0, newest: document?.package ?? 'the latest' }
}

async function change({ connection }: MongoContext, from: number): Promise<void> {
  const { db, namespace } = connection
  const schema = mongoSchema(namespace, from)
  const ours = { name: { $in: schema.map(({ collection }) => collection) } }
  const listed = await db.listCollections(ours, { nameOnly: false }).toArray()
  const existing = new Map(
    listed.map(({ name, ...rest }) => [name, rest as { options?: CreateCollectionOptions }]),
  )
  if (schema.some(({ collection }) => existing.get(collection)?.options?.collation !== undefined))
    throw new SchemaError(
      'A collection of this namespace exists with a collation, which would take different ids for equal. Drop it, or use another namespace.',
      'a collation',
      'none',
    )
  await Promise.all(
    schema.map(async ({ collection, options: ofCollection, indexes, dropIndexes }) => {
      // an index makes its collection, with the server's own way to compare, which is ours
      if (indexes.length > 0) await db.collection(collection).createIndexes([...indexes])
      else if (!existing.has(collection))
        await db.createCollection(collection, ofCollection).catch(unless(EXISTS))
      for (const name of dropIndexes) await db.collection(collection).dropIndex(name).catch(unless(NO_INDEX))
    }),
  )
}

const DUPLICATE = 11_000
const EXISTS = 48
const NO_INDEX = 27
const UNAUTHORIZED = 13

function unless(expected: number): (error: unknown) => void {
  return (error) => {
    if ((error as { code?: unknown } | null)?.code !== expected) throw error
  }
}

/**
 * Raises the fence where it is behind the holds, which a restore by collection may leave: no fence is ever issued twice.
 * Events and transitions have no counter beside them that could be.
 * @returns what was raised.
 */
export async function raiseFence(context: MongoContext): Promise<readonly string[]> {
  const options = { ...context.options, projection: { fence: 1 } }
  const [counter, highest] = await Promise.all([
    context.collection('meta').findOne({ _id: 'fence' }, context.options),
    context.collection('resource_locks').findOne({}, { ...options, sort: { fence: -1 } }),
  ])
  if (highest === null || highest.fence <= (counter?.value ?? 0)) return []
  await context
    .collection('meta')
    .updateOne({ _id: 'fence' }, { $max: { value: highest.fence } }, { ...context.options, upsert: true })
  return ['fence']
}

/** Which indexes of the current version are not there, as `collection.index`; null where this user may not ask. */
export async function missingIndexes(context: MongoContext): Promise<string[] | null> {
  const { namespace } = context.connection
  const lacking = mongoSchema(namespace).map(async ({ collection, indexes }) => {
    if (indexes.length === 0) return []
    const name = collection.slice(namespace.length + 1) as CollectionName
    const found = new Set((await context.untyped(name).indexes(context.options)).map((index) => index.name))
    return indexes.filter((index) => !found.has(index.name)).map((index) => `${name}.${String(index.name)}`)
  })
  try {
    return (await Promise.all(lacking)).flat()
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== UNAUTHORIZED) throw error
    return null
  }
}

/** Rejects while an import is not finished. */
export async function refuseUnfinishedImport(context: MongoContext): Promise<void> {
  const mark = await context.collection('meta').findOne({ _id: 'importing' }, context.options)
  if (mark !== null) throw importUnfinished()
}
