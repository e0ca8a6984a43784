import type { Instant, Protocol, Transition } from '@dir/storage-core'
import {
  type AgentRow,
  type DirtyFlowRow,
  type EventRow,
  compareIds,
  isEventBefore,
  nextCount,
} from '@dir/storage-core/adapter'
import { type SeedStore, isOlder, now, pageAfter, pause } from './seed-store.ts'
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

/** With the times that only lists show. */
type SeedAgent = AgentRow & { readonly registeredAt: Instant; readonly updatedAt: Instant }

const byId = (one: SeedAgent, other: SeedAgent): number => compareIds(one.agentId, other.agentId)

/** `place` is its own in the order of the marks. */
type Mark = DirtyFlowRow & { readonly place: number }

export const SEED_OPERATIONS: { readonly [P in Protocol]?: SeedProtocol<P> } = {
  agentRegistry: {
    async upsertAgent(store, agent) {
      const before = await store.read<SeedAgent>('agents', agent.agentId)
      const { suspensionReason = null, registeredAt = now() } = before ?? {}
      const times = { registeredAt, updatedAt: now() }
      store.table('agents').set(agent.agentId, { ...agent, suspensionReason, ...times })
    },
    async getAgent(store, id) {
      const row = await store.read<SeedAgent>('agents', id)
      if (row === null) return null
      const { registeredAt: _, updatedAt: __, ...agent } = row
      return agent
    },
    async getStatus(store, id) {
      const row = await store.read<AgentRow>('agents', id)
      return row === null ? null : { status: row.status, suspensionReason: row.suspensionReason }
    },
    async updateStatus(store, id, status, suspensionReason) {
      const row = await store.read<AgentRow>('agents', id)
      if (row !== null) store.table('agents').set(id, { ...row, status, suspensionReason, updatedAt: now() })
      return row !== null
    },
    listActiveAgents: (store) =>
      [...store.table<AgentRow>('agents').values()]
        .filter(({ status }) => status === 'ACTIVE')
        .map(({ agentId }) => agentId)
        .sort(compareIds),
    agentsPage(store, status, cursor) {
      const rows = [...store.table<SeedAgent>('agents').values()]
      const found = rows.filter((row) => (status ?? row.status) === row.status).sort(byId)
      return pageAfter(found, cursor, byId)
    },
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
    eventsPage(store, { dfid, event, agentId, between, afterSeq, beforeSeq, newestFirst, limit }) {
      const isInside = (one: EventRow): boolean => {
        const place = { timestamp: one.timestamp ?? '', seq: one.seq }
        if (between !== null)
          return isEventBefore(between.after, place) && isEventBefore(place, between.before)
        return one.seq > afterSeq && one.seq < (beforeSeq ?? Infinity)
      }
      const found = store
        .list<EventRow>('events')
        .filter((one) => (dfid ?? one.dfid) === one.dfid && (event ?? one.event) === one.event)
        .filter((one) => (agentId ?? one.agentId) === one.agentId && isInside(one))
      return (newestFirst ? found.toReversed() : found).slice(0, limit)
    },
  },
  saga: {
    markDirty(store, dfid, failedStep, partialStateJson) {
      const place = store.list('marked').push(dfid)
      store.table('marks').delete(dfid)
      store.table<Mark>('marks').set(dfid, { dfid, failedStep, partialStateJson, markedAt: now(), place })
    },
    getDirtyFlows: (store) => [...store.table('marks').keys()],
    async getDirtyState(store, dfid) {
      const mark = await store.read<Mark>('marks', dfid)
      return mark === null
        ? null
        : { failedStep: mark.failedStep, partialStateJson: mark.partialStateJson ?? '' }
    },
    clearDirty: (store, dfid) => void store.table('marks').delete(dfid),
    dirtyFlowsPage(store, leastAgeMicros, cursor) {
      const isOld = isOlder(leastAgeMicros)
      const marks = [...store.table<Mark>('marks').values()].filter(({ markedAt }) => isOld(markedAt))
      const { items, next } = pageAfter(marks, cursor, (one, other) => one.place - other.place)
      return { items: items.map(({ place: _, ...flow }) => flow), next }
    },
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
    flowsPage(store, { status, leastAgeMicros }, cursor) {
      const isOld = isOlder(leastAgeMicros)
      const all = store.list<Transition>('transitions')
      const last = new Map(all.map(({ dfid }, place) => [dfid, place]))
      const rows = [...last.values()].map((place) => ({ place, ...(all[place] as Transition) }))
      const inOrder = rows
        .filter(({ toStatus }) => (status ?? toStatus) === toStatus)
        .sort((one, other) => one.place - other.place)
      const page = pageAfter(inOrder, cursor, (one, other) => one.place - other.place)
      const items = page.items
        .filter(({ createdAt }) => isOld(createdAt))
        .map(({ dfid, toStatus, createdAt }) => ({ dfid, status: toStatus, since: createdAt }))
      return { ...page, items }
    },
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
