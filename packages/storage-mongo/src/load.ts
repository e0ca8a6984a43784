import type { Document } from 'mongodb'
import type { CollectionName, Documents, HoldDocument, LogName } from './documents.ts'
import { latestToken, partsOfWindow } from './budget.ts'
import { type RecordsName, partsOfFlows } from './flow-records.ts'
import { type Clock, LoadedState, type Part, type Standing, type Window } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { droppedMeanwhile } from './migrate.ts'
import { SERVER_NOW } from './time.ts'

/** What the works of a commit need to have loaded. */
export class Wanted {
  readonly documents = new Map<CollectionName, Map<string, unknown>>()
  /** Whose holds are wanted. */
  readonly flows = new Set<string>()
  /** Whose expired holds are. */
  readonly resources = new Set<string>()
  /** Expired holds are left to the operations, which remove them or not. */
  leavesExpired = false
  readonly statusOf = new Set<string>()
  /** The keys whose stored results are wanted too: they may be large, and one answer of the server has at most 16 MiB. */
  readonly resultsOf = new Set<string>()
  readonly windows = new Map<string, Pick<Window, 'agentId' | 'from'>>()
  /** The agents whose latest budget tokens are wanted. */
  readonly tokensOf = new Set<string>()
  readonly logs = new Set<LogName>()
  /** Of which flows all is to be known that a collection has. */
  readonly records = new Map<RecordsName, Set<string>>()
  /** How many acquires there are. */
  fences = 0
  readonly known: ReadonlyMap<LogName, number>
  #needsClock = false

  /** `known`: the highest numbers of logs that need not be asked for. */
  constructor(known: ReadonlyMap<LogName, number>) {
    this.known = known
  }

  clock(): void {
    this.#needsClock = true
  }

  /** Something is to be appended. */
  log(name: LogName): void {
    if (!this.known.has(name)) this.logs.add(name)
  }

  document<C extends CollectionName>(name: C, id: Documents[C]['_id']): void {
    const ids = this.documents.get(name) ?? new Map<string, unknown>()
    this.documents.set(name, ids.set(JSON.stringify(id), id))
  }

  recordsOf(name: RecordsName, dfid: string): void {
    const dfids = this.records.get(name) ?? new Set()
    this.records.set(name, dfids.add(dfid))
  }

  tokens(agentId: string): void {
    this.clock()
    this.tokensOf.add(agentId)
  }

  window(agentId: string, from: Window['from']): void {
    this.tokens(agentId)
    this.windows.set(JSON.stringify([agentId, from]), { agentId, from })
  }

  /** What is known without loading anything. */
  get nothing(): LoadedState {
    return new LoadedState(this.known)
  }

  get isEmpty(): boolean {
    const all = [this.documents, this.flows, this.resources, this.statusOf, this.logs, this.records]
    return !this.#needsClock && all.every(({ size }) => size === 0)
  }
}

/** How many expired holds one commit removes at most, so that it does not matter how many there are. */
const MOST_EXPIRED = 1_000

/** What of a document is needed to judge, where that is not all of it. */
const FIELDS: { readonly [C in CollectionName]?: Document } = {
  agent_registry: { _id: 1 },
  context_session: { digest: 1 },
  context_state: { digest: 1 },
  escalation_requests: { createdAt: 1, resolvedAt: 1 },
  lock_versions: { total: 1, fence: 1 },
  escalation_agents: { _id: 1 },
  saga_dirty_state: { _id: 1 },
}

/** A claim, and its result where that is asked for. */
function claimsWith(resultsOf: ReadonlySet<string>): Document {
  const resultJson = { $cond: [{ $in: ['$_id', { $literal: [...resultsOf] }] }, '$resultJson', null] }
  return { requestHash: 1, claim: 1, resultJson }
}

/** Loads all of it by one command, which answers with what is there at one moment. */
export async function load(context: MongoContext, wanted: Wanted): Promise<LoadedState> {
  const windows = [...wanted.windows.values()].map((one): Window => ({ ...one, first: null, unnumbered: 0 }))
  const parts = [...partsOf(wanted), ...windows.flatMap((window) => [...partsOfWindow(window)])]
  const lookups = parts.map(({ from, pipeline }, index) => {
    return { $lookup: { from: context.collection(from).collectionName, as: `part${index}`, pipeline } }
  })
  const [row] = await context
    .collection('meta')
    .aggregate<Clock & Readonly<Record<`part${number}`, never[]>>>(
      [
        { $match: { _id: 'schema_version' } },
        { $project: { _id: 0, now: SERVER_NOW, clusterTime: '$$CLUSTER_TIME' } },
        ...lookups,
      ],
      context.ofOneMoment,
    )
    .toArray()
  if (row === undefined) throw droppedMeanwhile()
  const state = new LoadedState(wanted.known, row)
  for (const log of wanted.logs) state.lasts.set(log, 0)
  state.windows.push(...windows)
  for (const [index, { take }] of parts.entries())
    for (const document of row[`part${index}`] ?? []) take(state, document)
  return state
}

function* partsOf(wanted: Wanted): Generator<Part> {
  for (const [from, ids] of wanted.documents) {
    const $project = from === 'idempotency_cache' ? claimsWith(wanted.resultsOf) : FIELDS[from]
    const match = { $match: { _id: { $in: [...ids.values()] } } }
    const pipeline = $project === undefined ? [match] : [match, { $project }]
    yield { from, pipeline, take: (state, document) => state.add(from, document) }
  }
  yield* holdsOf(wanted)
  if (wanted.statusOf.size > 0)
    yield {
      from: 'lifecycle_transitions',
      pipeline: [
        { $match: { dfid: { $in: [...wanted.statusOf] } } },
        { $sort: { dfid: -1, _id: -1 } },
        { $group: { _id: '$dfid', status: { $first: '$toStatus' }, number: { $first: '$_id' } } },
      ],
      take: (state, { _id, ...standing }: Standing & { readonly _id: string }) =>
        state.statuses.set(_id, standing),
    }
  for (const log of wanted.logs) yield* lastOf(log)
  for (const agentId of wanted.tokensOf) yield latestToken(agentId)
  yield* partsOfFlows(wanted.records)
}

/** The least that counts as issued: after an import, or after the last ones were pruned. */
const FLOORS = { decision_audit_events: 'seq', lifecycle_transitions: 'transitions' } as const

function* lastOf(log: LogName): Generator<Part> {
  const take = (state: LoadedState, { last }: { readonly last: number }): void => {
    state.lasts.set(log, Math.max(state.lasts.get(log) ?? 0, last))
  }
  const pipeline = [{ $sort: { _id: -1 } }, { $limit: 1 }, { $project: { _id: 0, last: '$_id' } }]
  yield { from: log, pipeline, take }
  const floor = [{ $match: { _id: FLOORS[log] } }, { $project: { _id: 0, last: '$value' } }]
  yield { from: 'meta', pipeline: floor, take }
}

/** The flows' holds, and the expired ones of the resources. */
function* holdsOf({ flows, resources }: Wanted): Generator<Part> {
  const ofFlows = { $match: { '_id.dfid': { $in: [...flows] } } }
  const take = (state: LoadedState, hold: HoldDocument): void => state.addHold(hold)
  if (flows.size > 0) yield { from: 'resource_locks', pipeline: [ofFlows], take }
  if (resources.size === 0) return
  const $match = {
    '_id.resourceId': { $in: [...resources] },
    '_id.dfid': { $nin: [...flows] },
    expiresAt: { $type: 'string' },
    $expr: { $lte: ['$expiresAt', SERVER_NOW] },
  }
  let count = 0
  yield {
    from: 'resource_locks',
    pipeline: [{ $match }, { $limit: MOST_EXPIRED }],
    take: (state, hold: HoldDocument) => {
      state.addHold(hold)
      if (++count === MOST_EXPIRED) state.hasMoreExpired = true
    },
  }
}
