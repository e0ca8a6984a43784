import { ConflictError, SchemaError } from '@dir/storage-core'
import type { CreateCollectionOptions, IndexDescription } from 'mongodb'
import type { Connection } from './connection.ts'
import type { MongoContext } from './mongo-context.ts'
import type { CollectionName } from './documents.ts'

export const SCHEMA_VERSION = 2

const HOUR = 3_600
/** Comparison by bytes, whatever the database's habits are: ids that differ are different. */
const COLLATION = { locale: 'simple' } as const

/** Each collection with its indexes besides `_id`. */
const COLLECTIONS: { readonly [C in CollectionName]: readonly IndexDescription[] } = {
  agent_registry: [{ name: 'by_status', key: { status: 1, _id: 1 } }],
  context_session: [],
  context_state: [],
  idempotency_cache: [],
  decision_audit_events: [
    { name: 'by_event_id', key: { eventId: 1 }, unique: true },
    { name: 'by_flow', key: { dfid: 1, _id: 1 } },
  ],
  saga_dirty_state: [{ name: 'by_mark', key: { marked: 1 } }],
  resource_locks: [
    { name: 'by_flow', key: { '_id.dfid': 1 } },
    { name: 'by_resource', key: { '_id.resourceId': 1, expiresAt: 1 } },
    { name: 'by_fence', key: { fence: 1 } },
  ],
  lock_versions: [
    { name: 'unused', key: { usedAt: 1 }, expireAfterSeconds: HOUR, partialFilterExpression: { total: 0 } },
  ],
  intent_retry_counts: [],
  escalation_budget: [{ name: 'by_agent', key: { agentId: 1, createdAt: 1 } }],
  escalation_agents: [],
  escalation_requests: [
    { name: 'by_opening', key: { opened: 1 } },
    { name: 'pending', key: { resolvedAt: 1, opened: 1 } },
  ],
  lifecycle_transitions: [
    { name: 'by_event_id', key: { eventId: 1 }, unique: true },
    { name: 'by_flow', key: { dfid: 1, _id: 1 } },
  ],
  sessions: [{ name: 'unused', key: { usedAt: 1 }, expireAfterSeconds: 2 * HOUR }],
  meta: [],
}

export const COLLECTION_NAMES = Object.keys(COLLECTIONS) as readonly CollectionName[]

export interface CollectionSchema {
  readonly collection: string
  readonly options: CreateCollectionOptions
  readonly indexes: readonly IndexDescription[]
}

/** What `init()` creates, for those who create it themselves and open with `init: false`. */
export function mongoSchema(namespace: string): readonly CollectionSchema[] {
  return COLLECTION_NAMES.map((name) => ({
    collection: `${namespace}.${name}`,
    options: { collation: COLLATION },
    indexes: COLLECTIONS[name].map((index) => ({ ...index, collation: COLLATION })) as IndexDescription[],
  }))
}

/** Creates what is missing, or (`create` false) only checks. Any number of processes may do so at once. */
export async function prepareSchema(context: MongoContext, create: boolean): Promise<void> {
  const found = await schemaVersion(context)
  if (found > SCHEMA_VERSION)
    throw new SchemaError(
      'This namespace was written by a newer version of this package. Update the package.',
      String(found),
      String(SCHEMA_VERSION),
    )
  if (found === SCHEMA_VERSION) return
  if (!create)
    throw new SchemaError(
      'This namespace has no schema, or an older one, and init: false changes none. Open it once without.',
      found === 0 ? 'none' : String(found),
      String(SCHEMA_VERSION),
    )
  await createCollections(context.connection)
  await context
    .collection('meta')
    .updateOne(
      { _id: 'schema_version' },
      { $max: { value: SCHEMA_VERSION } },
      { ...context.options, upsert: true },
    )
}

/** What a namespace that somebody dropped under an open handle is refused with. */
export function droppedMeanwhile(): SchemaError {
  return new SchemaError(
    'This namespace was dropped while this handle was open. Close it, and open another.',
    'none',
    String(SCHEMA_VERSION),
  )
}

export async function schemaVersion(context: MongoContext): Promise<number> {
  const document = await context.collection('meta').findOne({ _id: 'schema_version' }, context.options)
  return document?.value ?? 0
}

async function createCollections({ db, namespace }: Connection): Promise<void> {
  const schema = mongoSchema(namespace)
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
    schema.map(async ({ collection, options, indexes }) => {
      // an index makes its collection, with the server's own way to compare, which is ours
      if (indexes.length > 0) await db.collection(collection).createIndexes([...indexes])
      else if (!existing.has(collection)) await db.createCollection(collection, options).catch(unlessExists)
    }),
  )
}

/** Another process was quicker. */
function unlessExists(error: unknown): void {
  if ((error as { code?: unknown } | null)?.code !== 48) throw error
}

/**
 * Raises the fence where it is behind the holds, which a restore by collection may leave: no fence is ever issued twice.
 * Events and transitions have no counter beside them that could be.
 */
export async function raiseFence(context: MongoContext): Promise<void> {
  const options = { ...context.options, projection: { fence: 1 } }
  const [counter, highest] = await Promise.all([
    context.collection('meta').findOne({ _id: 'fence' }, context.options),
    context.collection('resource_locks').findOne({}, { ...options, sort: { fence: -1 } }),
  ])
  if (highest === null || highest.fence <= (counter?.value ?? 0)) return
  await context
    .collection('meta')
    .updateOne({ _id: 'fence' }, { $max: { value: highest.fence } }, { ...context.options, upsert: true })
}

/** Rejects while an import is not finished. */
export async function refuseUnfinishedImport(context: MongoContext): Promise<void> {
  const mark = await context.collection('meta').findOne({ _id: 'importing' }, context.options)
  if (mark !== null)
    throw new ConflictError('An import into this store is not finished. Run it again to its end first.')
}
