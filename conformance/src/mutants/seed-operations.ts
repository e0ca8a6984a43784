import type { Protocol, Transition } from '@dir/storage-core'
import { type AgentRow, type DirtyRow, type EventRow, compareIds, nextCount } from '@dir/storage-core/adapter'
import { type SeedStore, now, pause } from './seed-store.ts'
import { escalation } from './seed-escalation.ts'
import { idempotency } from './seed-idempotency.ts'
import type { SeedProtocol } from './seed-protocol.ts'
import { resourceLock } from './seed-resource-lock.ts'

// Every verb is there, each built as the original's callers build it: read, decide, write, in steps that others can
// come between. Called by one handle after another, it keeps every promise; raced for, it keeps none of the atomic ones.

const expectSession = async (store: SeedStore, dfid: string, expected: string | null): Promise<boolean> =>
  (await store.read<string>('session', dfid)) === expected

const lastStatus = (store: SeedStore, dfid: string): string | null =>
  store.list<Transition>('transitions').findLast((one) => one.dfid === dfid)?.toStatus ?? null

export const SEED_OPERATIONS: { readonly [P in Protocol]?: SeedProtocol<P> } = {
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
  idempotency,
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
  resourceLock,
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
  escalation,
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
