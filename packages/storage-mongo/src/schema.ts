import type { CreateCollectionOptions, IndexDescription } from 'mongodb'
import type { CollectionName } from './documents.ts'
import { REMEMBERED_SEC } from './lasts.ts'

const HOUR = 3_600
/** Comparison by bytes, whatever the database's habits are: ids that differ are different. */
const COLLATION = { locale: 'simple' } as const

type Indexes = { readonly [C in CollectionName]?: readonly IndexDescription[] }

/** What brings a namespace from one version of the schema to the next. Each part of it may be done again. */
export interface Step {
  /** The first version of the package that reads and writes what it makes. */
  readonly package: string
  /** Indexes besides `_id`, in collections that are made with them or for them. */
  readonly create: Indexes
  /** Names of indexes. */
  readonly drop: { readonly [C in CollectionName]?: readonly string[] }
}

const REMOVED: IndexDescription = {
  name: 'removed',
  key: { removedAt: 1 },
  expireAfterSeconds: REMEMBERED_SEC,
  partialFilterExpression: { removedAt: { $exists: true } },
}

/**
 * From nothing to version 1, from 1 to 2, and so on. Stores out there have been through these: a step that was
 * published is never changed, the next one comes after it.
 */
export const STEPS: readonly Step[] = [
  {
    package: '0.1.0',
    create: {
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
      ],
      lock_versions: [
        {
          name: 'unused',
          key: { usedAt: 1 },
          expireAfterSeconds: HOUR,
          partialFilterExpression: { total: 0 },
        },
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
    },
    drop: {},
  },
  { package: '0.1.0', create: { resource_locks: [{ name: 'by_fence', key: { fence: 1 } }] }, drop: {} },
  // nothing is looked up by it any more
  {
    package: '0.1.0',
    create: {},
    drop: { decision_audit_events: ['by_event_id'], lifecycle_transitions: ['by_event_id'] },
  },
  // tokens of a budget are counted by their numbers
  {
    package: '0.1.0',
    create: {
      escalation_budget: [
        { name: 'by_time', key: { agentId: 1, createdAt: 1, number: 1 } },
        { name: 'by_number', key: { agentId: 1, number: 1, createdAt: 1 } },
      ],
    },
    drop: { escalation_budget: ['by_agent'] },
  },
  {
    package: '0.1.0',
    create: { escalation_requests: [{ name: 'by_agent', key: { agentId: 1, opened: 1 } }] },
    drop: {},
  },
  // holds, unfinished claims and events in the orders in which they are listed, events by agent, a document of each flow's
  // last transition, and what is pruned: keys by their flow, tokens by their age, and numbers of a log that are still
  // remembered
  {
    package: '0.1.0',
    create: {
      resource_locks: [{ name: 'by_place', key: { fence: 1, _id: 1 } }],
      idempotency_cache: [
        {
          name: 'unfinished',
          key: { 'claim.since': 1, _id: 1 },
          partialFilterExpression: { 'claim.since': { $exists: true } },
        },
        { name: 'by_flow', key: { dfid: 1 }, partialFilterExpression: { dfid: { $gt: '' } } },
      ],
      decision_audit_events: [
        { name: 'by_time', key: { timestamp: 1, _id: 1 } },
        {
          name: 'by_agent',
          key: { agentId: 1, _id: 1 },
          partialFilterExpression: { agentId: { $gt: '' } },
        },
        REMOVED,
      ],
      escalation_budget: [{ name: 'by_age', key: { createdAt: 1, number: 1 } }],
      lifecycle_flows: [
        { name: 'by_number', key: { number: 1 } },
        { name: 'by_status', key: { status: 1, number: 1 } },
      ],
      lifecycle_transitions: [
        { name: 'not_kept', key: { kept: 1, _id: 1 }, partialFilterExpression: { kept: null } },
        REMOVED,
      ],
    },
    drop: { resource_locks: ['by_fence'] },
  },
]

/** What this version of the package reads and writes. */
export const SCHEMA_VERSION: number = STEPS.length

export const COLLECTION_NAMES = [
  ...new Set(STEPS.flatMap(({ create }) => Object.keys(create))),
] as readonly CollectionName[]

export interface CollectionSchema {
  readonly collection: string
  readonly options: CreateCollectionOptions
  readonly indexes: readonly IndexDescription[]
  /** The names of indexes that an older version had. */
  readonly dropIndexes: readonly string[]
}

/**
 * What `init()` does to a namespace of version `from` (0: there is none), for those who do it themselves and open with
 * `init: false`: collections to create where they are missing, their indexes, and those to drop. At last it sets
 * `value` of the document `schema_version` in `….meta` to `SCHEMA_VERSION`.
 */
export function mongoSchema(namespace: string, from = 0): readonly CollectionSchema[] {
  const steps = STEPS.slice(from)
  const all = COLLECTION_NAMES.map((name) => {
    const dropIndexes = steps.flatMap(({ drop }) => drop[name] ?? [])
    const created = steps.flatMap(({ create }) => create[name] ?? [])
    const indexes = created.filter((index) => !dropIndexes.includes(String(index.name)))
    return {
      collection: `${namespace}.${name}`,
      options: { collation: COLLATION },
      indexes: indexes.map((index) => ({ ...index, collation: COLLATION })) as IndexDescription[],
      dropIndexes: from === 0 ? [] : dropIndexes,
    }
  })
  return from === 0 ? all : all.filter(({ indexes, dropIndexes }) => indexes.length + dropIndexes.length > 0)
}
