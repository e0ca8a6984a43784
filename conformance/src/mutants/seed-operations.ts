import {
  type AgentRow,
  type ClaimAnswer,
  type DirtyRow,
  type EscalationRequest,
  type EventRow,
  type HoldRow,
  type Implementation,
  type Instant,
  type Operations,
  type Protocol,
  type Resolution,
  type Transition,
  compareIds,
  formatMicros,
  hostMicros,
  microsOf,
  nextCount,
  noRoom,
} from '@dir/storage-core'
import { type SeedStore, now, pause } from './seed-store.ts'

// Every verb is there, each built as the original's callers build it: read, decide, write, in steps that others can
// come between. Called by one handle after another, it keeps every promise; raced for, it keeps none of the atomic ones.

type Seed = {
  readonly [P in Protocol]: Omit<Implementation<Operations[P], SeedStore>, 'exportPage' | 'importPage'>
}

type StoredRequest = EscalationRequest & { readonly createdAt: Instant; readonly resolved: boolean }
interface Effect {
  readonly resultJson: string | null
  readonly requestHash: string | null
  readonly claim: { readonly token: string; readonly since: Instant; readonly until: Instant } | null
}

const expectSession = async (store: SeedStore, dfid: string, expected: string | null): Promise<boolean> =>
  (await store.read<string>('session', dfid)) === expected

const lastStatus = (store: SeedStore, dfid: string): string | null =>
  store.list<Transition>('transitions').findLast((one) => one.dfid === dfid)?.toStatus ?? null

function holds(store: SeedStore): HoldRow[] {
  return [...store.table<HoldRow>('holds').values()]
}

const lockedMicros = (store: SeedStore, resourceId: string, except: string | null): number =>
  holds(store).reduce(
    (sum, hold) => sum + (hold.resourceId === resourceId && hold.dfid !== except ? (hold.micros ?? 0) : 0),
    0,
  )

const holdKey = (dfid: string, resourceId: string): string => JSON.stringify([dfid, resourceId])

const windowCount = (store: SeedStore, agentId: string, since: Instant): number =>
  store
    .list<{ agentId: string; at: Instant }>('tokens')
    .filter((one) => one.agentId === agentId && one.at >= since).length

function insertRequest(store: SeedStore, request: EscalationRequest): void {
  const requests = store.table<StoredRequest>('requests')
  const before = requests.get(request.dfid)?.createdAt
  const least = before === undefined ? 0 : microsOf(before) + 1
  requests.delete(request.dfid)
  requests.set(request.dfid, {
    ...request,
    createdAt: formatMicros(Math.max(hostMicros(), least)),
    resolved: false,
  })
}

export const SEED_OPERATIONS: Seed = {
  agentRegistry: {
    async upsertAgent(store, agent) {
      const before = await store.read<AgentRow>('agents', agent.agentId)
      store
        .table('agents')
        .set(agent.agentId, { ...agent, suspensionReason: before?.suspensionReason ?? null })
    },
    getAgent: (store, id) => store.read<AgentRow>('agents', id),
    async getStatus(store, id) {
      const row = await store.read<AgentRow>('agents', id)
      return row === null ? null : { status: row.status, suspensionReason: row.suspensionReason }
    },
    async updateStatus(store, id, status, suspensionReason) {
      const row = await store.read<AgentRow>('agents', id)
      if (row !== null) store.table('agents').set(id, { ...row, status, suspensionReason })
      return row !== null
    },
    listActiveAgents: (store) =>
      [...store.table<AgentRow>('agents').values()]
        .filter(({ status }) => status === 'ACTIVE')
        .map(({ agentId }) => agentId)
        .sort(compareIds),
  },
  context: {
    get: (store, kind, id) => store.read<string>(kind, id),
    set: (store, kind, id, dataJson) => void store.table(kind).set(id, dataJson),
    async compareAndSet(store, kind, id, expected, dataJson) {
      if ((await store.read<string>(kind, id)) !== expected) return false
      store.table(kind).set(id, dataJson)
      return true
    },
    expectSession,
  },
  idempotency: {
    get: async (store, key) => (await store.read<Effect>('effects', key))?.resultJson ?? null,
    set: (store, key, resultJson) =>
      void store.table<Effect>('effects').set(key, { resultJson, requestHash: null, claim: null }),
    async setIfAbsent(store, key, resultJson) {
      const standing = (await store.read<Effect>('effects', key))?.resultJson ?? null
      if (standing !== null) return { stored: false, resultJson: standing }
      store.table<Effect>('effects').set(key, { resultJson, requestHash: null, claim: null })
      return { stored: true, resultJson }
    },
    async claim(store, key, token, leaseMicros, requestHash): Promise<ClaimAnswer> {
      const effect = await store.read<Effect>('effects', key)
      const known = effect?.requestHash ?? null
      if (known !== null && requestHash !== null && known !== requestHash) return { state: 'mismatch' }
      const { resultJson, claim } = effect ?? { resultJson: null, claim: null }
      if (resultJson !== null) return { state: 'replay', resultJson }
      if (claim !== null && claim.until > now()) return { state: 'inFlight', until: claim.until }
      if (claim !== null) return { state: 'ambiguous', since: claim.since, token: claim.token }
      const own = { token, since: now(), until: formatMicros(hostMicros() + leaseMicros) }
      store.table<Effect>('effects').set(key, { resultJson: null, requestHash, claim: own })
      return { state: 'started' }
    },
    async complete(store, key, token, resultJson) {
      const effect = await store.read<Effect>('effects', key)
      if (effect?.claim?.token !== token) return false
      store.table<Effect>('effects').set(key, { ...effect, resultJson, claim: null })
      return true
    },
    async abandon(store, key, token) {
      const effect = await store.read<Effect>('effects', key)
      return effect?.claim?.token === token && store.table('effects').delete(key)
    },
  },
  decisionAudit: {
    recordMany(store, events) {
      const list = store.list<EventRow>('events')
      return events.map((event) => list.push({ ...event, seq: list.length + 1, timestamp: now() }))
    },
    eventsPage: (store, { dfid, event, afterSeq, limit }) =>
      store
        .list<EventRow>('events')
        .filter((one) => (dfid ?? one.dfid) === one.dfid && (event ?? one.event) === one.event)
        .filter(({ seq }) => seq > afterSeq)
        .slice(0, limit),
  },
  saga: {
    markDirty(store, dfid, failedStep, partialStateJson) {
      store.table('marks').delete(dfid)
      store.table<DirtyRow>('marks').set(dfid, { failedStep, partialStateJson })
    },
    getDirtyFlows: (store) => [...store.table('marks').keys()],
    getDirtyState: (store, dfid) => store.read<DirtyRow>('marks', dfid),
    clearDirty: (store, dfid) => void store.table('marks').delete(dfid),
  },
  resourceLock: {
    getLockedAmount: lockedMicros,
    async acquire(store, { dfid, demands, leaseMicros }) {
      for (const demand of demands) {
        const locked = lockedMicros(store, demand.resourceId, dfid)
        if (locked + demand.micros > demand.capacity) throw noRoom(demand, locked)
      }
      await pause()
      const fence = store.list('fences').push(null)
      const expiresAt = leaseMicros === null ? null : formatMicros(hostMicros() + leaseMicros)
      for (const { resourceId, micros } of demands)
        store
          .table<HoldRow>('holds')
          .set(holdKey(dfid, resourceId), { dfid, resourceId, micros, acquiredAt: now(), expiresAt, fence })
      return { fence, expiresAt }
    },
    release(store, dfid, fence) {
      for (const hold of holds(store))
        if (hold.dfid === dfid && (fence === null || hold.fence <= fence))
          store.table('holds').delete(holdKey(dfid, hold.resourceId))
    },
    renew: () => false,
    getHolds: (store, dfid, resourceId) =>
      holds(store)
        .filter(
          (hold) => (dfid ?? hold.dfid) === hold.dfid && (resourceId ?? hold.resourceId) === hold.resourceId,
        )
        .sort(
          (a, b) => a.fence - b.fence || compareIds(a.dfid, b.dfid) || compareIds(a.resourceId, b.resourceId),
        ),
  },
  intentRetry: {
    getCount: (store, dfid) => store.table<number>('counts').get(dfid) ?? 0,
    setCount: (store, dfid, count) => void store.table('counts').set(dfid, count),
    delete: (store, dfid) => void store.table('counts').delete(dfid),
    async increment(store, dfid) {
      const count = nextCount((await store.read<number>('counts', dfid)) ?? 0)
      store.table('counts').set(dfid, count)
      return count
    },
  },
  escalation: {
    getWindowCount: windowCount,
    recordBudgetToken: (store, agentId) => void store.list('tokens').push({ agentId, at: now() }),
    insertRequest,
    async resolveRequest(store, { dfid, createdAt, proposalJson }: Resolution) {
      const request = await store.read<StoredRequest>('requests', dfid)
      if (request === null || request.resolved || (createdAt ?? request.createdAt) !== request.createdAt)
        return false
      const proposal = proposalJson ?? request.proposalJson
      store.table('requests').set(dfid, { ...request, proposalJson: proposal, resolved: true })
      return true
    },
    getPendingRequests: (store) =>
      [...store.table<StoredRequest>('requests').values()]
        .filter(({ resolved }) => !resolved)
        .map(({ resolved: _, ...request }) => request),
    async consumeBudget(store, agentId, limit, windowMicros, request) {
      const used = windowCount(store, agentId, formatMicros(hostMicros() - windowMicros))
      if (used >= limit) return { granted: false, used }
      await pause()
      store.list('tokens').push({ agentId, at: now() })
      if (request !== null) insertRequest(store, request)
      return { granted: true, used: used + 1 }
    },
  },
  lifecycle: {
    recordTransition: (store, dfid, fromStatus, toStatus) =>
      void store.list('transitions').push({ dfid, fromStatus, toStatus, createdAt: now() }),
    getTransitions: (store, dfid) =>
      store.list<Transition>('transitions').filter((one) => (dfid ?? one.dfid) === one.dfid),
    getCurrentStatus: lastStatus,
    async transition(store, dfid, fromStatus, toStatus) {
      const current = lastStatus(store, dfid)
      await pause()
      if (current !== fromStatus) return false
      store.list('transitions').push({ dfid, fromStatus, toStatus, createdAt: now() })
      return true
    },
    expectStatus: (store, dfid, status) => lastStatus(store, dfid) === status,
  },
}
