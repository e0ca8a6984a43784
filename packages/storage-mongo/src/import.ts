import { ConflictError } from '@dir/storage-core'
import { type Counters, importTakenOver } from '@dir/storage-core/adapter'
import type { MongoContext } from './mongo-context.ts'
import type { AnyBulkWriteOperation } from 'mongodb'
import type { CollectionName, MetaDocument } from './documents.ts'
import { Wanted, load } from './load.ts'
import { COLLECTION_NAMES } from './schema.ts'

/** Some servers forbid what has no index. */
const BY_ID = { hint: { _id: 1 } } as const
/** How many documents are removed at a time, in one transaction. */
const PART = 500
const KEPT: ReadonlySet<string> = new Set(['meta', 'sessions'])

/** The highest `seq` and fence ever issued. */
export async function readCounters(context: MongoContext): Promise<Counters> {
  const wanted = new Wanted(new Map())
  wanted.log('decision_audit_events')
  wanted.document('meta', 'fence')
  const state = await load(context, wanted)
  return {
    seq: state.lasts.get('decision_audit_events') ?? 0,
    fence: state.get('meta', 'fence')?.value ?? 0,
  }
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
  await context.untyped(name).bulkWrite(writes, context.options)
}

/** Removes a part of what an interrupted import left, inside a transaction. @returns whether there may be more. */
export async function clearImport(inside: MongoContext, ticket: number): Promise<boolean> {
  await requireImport(inside, ticket)
  let rest = PART
  for (const name of COLLECTION_NAMES.filter((one) => !KEPT.has(one))) {
    const collection = inside.untyped(name)
    const found = collection.find({}, { ...inside.options, projection: { _id: 1 } })
    const ids = (await found.sort({ _id: 1 }).limit(rest).toArray()).map(({ _id }) => _id)
    if (ids.length > 0) await collection.deleteMany({ _id: { $in: ids } }, inside.options)
    rest -= ids.length
    if (rest === 0) return true
  }
  return false
}

/** Marks the namespace as being filled, inside a transaction, with no other import's begin or end in between. */
export async function beginImport(inside: MongoContext, ticket: number): Promise<void> {
  await touch(inside)
  const meta = inside.collection('meta')
  const isInterrupted = (await meta.findOne({ _id: 'importing' }, inside.options)) !== null
  if (!isInterrupted) {
    const { seq, fence } = await readCounters(inside)
    if (seq + fence > 0 || (await hasRecords(inside)))
      throw new ConflictError('This store is not empty. Import into a new namespace, or drop this one first.')
    // what only conflicts are made of is no record, but would be in the way of one
    await inside.collection('context_session').deleteMany({ dataJson: null }, { ...inside.options, ...BY_ID })
  }
  await meta.deleteOne({ _id: 'flows' }, inside.options) // numbers begin anew
  await put(inside, 'importing', ticket)
}

/** Writes what each begin and each end of an import writes, so that of two at once one is run again. */
async function touch(inside: MongoContext): Promise<void> {
  await inside
    .collection('meta')
    .updateOne({ _id: 'schema_version' }, { $inc: { imports: 1 } }, inside.options)
}

/**
 * Throws unless the import with this ticket fills the namespace. Inside a transaction it keeps others from beginning
 * until the commit, because it writes to the mark that they replace.
 */
export async function requireImport(inside: MongoContext, ticket: number): Promise<void> {
  const meta = inside.collection('meta')
  const mine = { _id: 'importing', value: ticket } as const
  const { matchedCount } = await meta.updateOne(mine, { $inc: { pages: 1 } }, inside.options)
  if (matchedCount === 0) throw importTakenOver()
}

/** Sets the counters and takes the mark away, inside a transaction. */
export async function finishImport(
  context: MongoContext,
  ticket: number,
  { seq, fence }: Counters,
): Promise<void> {
  const meta = context.collection('meta')
  if ((await meta.findOne({ _id: 'imported' }, context.options))?.value === ticket) return
  await requireImport(context, ticket)
  await touch(context)
  await put(context, 'seq', seq)
  await put(context, 'fence', fence)
  await put(context, 'imported', ticket)
  await meta.deleteOne({ _id: 'importing' }, context.options)
}

async function put(context: MongoContext, name: MetaDocument['_id'], value: number): Promise<void> {
  await context
    .collection('meta')
    .updateOne({ _id: name }, { $set: { value } }, { ...context.options, upsert: true })
}

async function hasRecords(context: MongoContext): Promise<boolean> {
  // what only conflicts are made of is no record
  const records = COLLECTION_NAMES.filter((name) => !KEPT.has(name) && name !== 'lock_versions')
  for (const name of records) {
    const filter = name === 'context_session' ? { dataJson: { $ne: null } } : {}
    if ((await context.collection(name).findOne(filter as object, { ...context.options, ...BY_ID })) !== null)
      return true
  }
  return false
}
