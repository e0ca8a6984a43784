import { ConflictError, type CountersExport } from '@dir/storage-core'
import type { MongoContext } from './mongo-context.ts'
import type { MetaDocument } from './documents.ts'
import { COLLECTION_NAMES } from './schema.ts'

type Counters = Omit<CountersExport, 'type'>

const KEPT: ReadonlySet<string> = new Set(['meta', 'sessions'])

/** The highest `seq` and fence ever issued. */
export async function readCounters(context: MongoContext): Promise<Counters> {
  context.connection.audit.forget()
  const [seq, fence] = await Promise.all([
    context.connection.audit.last(context),
    context.collection('meta').findOne({ _id: 'fence' }, context.options),
  ])
  return { seq, fence: fence?.value ?? 0 }
}

/** Marks the namespace as being filled; what an interrupted import left is removed. */
export async function beginImport(context: MongoContext): Promise<void> {
  const meta = context.collection('meta')
  const interrupted = (await meta.findOne({ _id: 'importing' }, context.options)) !== null
  if (!interrupted) {
    const { seq, fence } = await readCounters(context)
    if (seq + fence > 0 || (await hasRecords(context)))
      throw new ConflictError('This store is not empty. Import into a new namespace, or drop this one first.')
  }
  await put(context, 'importing', 1)
  for (const name of COLLECTION_NAMES)
    if (!KEPT.has(name)) await context.collection(name).deleteMany({}, context.options)
  await meta.deleteMany({ _id: { $in: ['seq', 'fence'] } }, context.options)
  context.connection.forget()
}

/** Sets the counters, then takes the mark away. */
export async function finishImport(context: MongoContext, { seq, fence }: Counters): Promise<void> {
  await put(context, 'seq', seq)
  await put(context, 'fence', fence)
  await context.collection('meta').deleteOne({ _id: 'importing' }, context.options)
  context.connection.forget()
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
    if ((await context.collection(name).findOne(filter as object, context.options)) !== null) return true
  }
  return false
}
