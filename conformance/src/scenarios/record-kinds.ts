import type { Protocol } from '@dir/storage-core'
import { flowsOf } from './escalation-lists.ts'
import { LONG_AGO, without } from './kit.ts'
import { listedOtherwise } from './lifecycle-flows.ts'
import type { RecordKind } from './record-kind.ts'

const agent: RecordKind = {
  name: 'agent-registry/agent',
  protocol: 'agentRegistry',
  write: (storage, agentId, n) =>
    storage.agentRegistry.upsertAgent({
      agentId,
      contractJson: `{"n": ${n}}`,
      priority: n,
      status: `S${n}`,
      agentVersion: `v${n}`,
      sessionToken: `t${n}`,
    }),
  read: async ({ agentRegistry }, id) => {
    const found = await agentRegistry.getAgent(id)
    return [found === null ? null : without([found], 'agentId'), await agentRegistry.getStatus(id)]
  },
  after(...writes) {
    const n = writes.at(-1)
    if (n === undefined) return [null, null]
    const found = {
      contract: { n },
      contractJson: `{"n": ${n}}`,
      priority: n,
      status: `S${n}`,
      agentVersion: `v${n}`,
      sessionToken: `t${n}`,
    }
    return [[found], { status: `S${n}`, suspensionReason: null }]
  },
}

const session: RecordKind = {
  name: 'context/session',
  protocol: 'context',
  write: (storage, id, n) => storage.context.setSession(id, `{"n":${n}}`),
  read: (storage, id) => storage.context.getSession(id),
  after: (...writes) => (writes.length === 0 ? null : `{"n":${writes.at(-1)}}`),
}

const state: RecordKind = {
  name: 'context/state',
  protocol: 'context',
  write: (storage, id, n) => storage.context.setState(id, `[${n}]`),
  read: (storage, id) => storage.context.getState(id),
  after: (...writes) => (writes.length === 0 ? null : `[${writes.at(-1)}]`),
}

const result: RecordKind = {
  name: 'idempotency/result',
  protocol: 'idempotency',
  write: (storage, id, n) => storage.idempotency.set(id, { n }),
  read: (storage, id) => storage.idempotency.get(id),
  after: (...writes) => (writes.length === 0 ? null : { n: writes.at(-1) }),
}

const event: RecordKind = {
  name: 'decision-audit/event',
  protocol: 'decisionAudit',
  write: (storage, id, n) =>
    storage.decisionAudit.record(id, `E${n}`, {
      stepId: `step ${n}`,
      state: `S${n}`,
      agentId: `agent ${n}`,
      details: { n },
    }),
  read: async (storage, id) =>
    without(await storage.decisionAudit.eventsForDfid(id), 'seq', 'timestamp', 'dfid'),
  after: (...writes) =>
    writes.map((n) => {
      const texts = { event: `E${n}`, stepId: `step ${n}`, state: `S${n}`, agentId: `agent ${n}` }
      return { ...texts, details: { n }, detailsJson: `{"n": ${n}}` }
    }),
}

const mark: RecordKind = {
  name: 'saga/mark',
  protocol: 'saga',
  write: (storage, id, n) => storage.saga.markDirty(id, `step ${n}`, `{"n":${n}}`),
  read: async ({ saga }, id) => [
    await saga.getDirtyState(id),
    (await saga.getDirtyFlows()).filter((dfid) => dfid === id).length,
  ],
  after(...writes) {
    const n = writes.at(-1)
    if (n === undefined) return [null, 0]
    return [{ failedStep: `step ${n}`, partialState: { n }, partialStateJson: `{"n":${n}}` }, 1]
  },
}

const resource: RecordKind = {
  name: 'resource-lock/resource',
  protocol: 'resourceLock',
  write: (storage, id, n, other) => storage.resourceLock.acquireBatch(other, { [id]: n }, 0),
  read: (storage, id) => storage.resourceLock.getLockedAmount(id, null),
  after: (...writes) => writes.at(-1) ?? 0,
}

const flow: RecordKind = {
  name: 'resource-lock/flow',
  protocol: 'resourceLock',
  write: (storage, id, n, other) => storage.resourceLock.acquireBatch(id, { [other]: n }, 0),
  read: async ({ resourceLock }, id, other) =>
    (await resourceLock.getLockedAmount(other, null)) - (await resourceLock.getLockedAmount(other, id)),
  after: (...writes) => writes.at(-1) ?? 0,
}

const count: RecordKind = {
  name: 'intent-retry/count',
  protocol: 'intentRetry',
  write: (storage, id, n) => storage.intentRetry.setCount(id, n),
  read: (storage, id) => storage.intentRetry.getCount(id),
  after: (...writes) => writes.at(-1) ?? 0,
}

/** How many tokens write number `n` adds, so that neighbours differ. */
const tokens = (n: number): number => 1 + (n % 3)

const token: RecordKind = {
  name: 'escalation/token',
  protocol: 'escalation',
  write: (storage, id, n) =>
    Promise.all(Array.from({ length: tokens(n) }, () => storage.escalation.recordBudgetToken(id))),
  read: (storage, id) => storage.escalation.getWindowCount(id, LONG_AGO),
  after: (...writes) => writes.reduce((sum, n) => sum + tokens(n), 0),
}

const request: RecordKind = {
  name: 'escalation/request',
  protocol: 'escalation',
  write: (storage, dfid, n, agentId) =>
    storage.escalation.insertRequest({
      dfid,
      agentId,
      reason: `reason ${n}`,
      contextJson: `[${n}]`,
      proposalJson: `{"n":${n}}`,
      impact: `impact ${n}`,
    }),
  read: async (storage, id, other) => {
    const pending = await storage.escalation.getPendingRequests()
    const listed = await flowsOf(storage.escalation, { status: 'PENDING' })
    const mine = pending.filter(
      ({ dfid, agentId }) => dfid === id && agentId === other && listed.includes(id),
    )
    return without(mine, 'dfid', 'agentId', 'createdAt')
  },
  after: (...writes) =>
    writes.slice(-1).map((n) => {
      const asked = { context: [n], contextJson: `[${n}]`, proposal: { n }, proposalJson: `{"n":${n}}` }
      return { reason: `reason ${n}`, ...asked, impact: `impact ${n}` }
    }),
}

const transition: RecordKind = {
  name: 'lifecycle/transition',
  protocol: 'lifecycle',
  write: (storage, id, n) => storage.lifecycle.recordTransition(id, `S${n}`, `S${n + 1}`),
  read: async ({ lifecycle }, id) => [
    ...without(await lifecycle.getTransitions(id), 'dfid', 'createdAt'),
    ...(await listedOtherwise(lifecycle, id)),
  ],
  after: (...writes) => writes.map((n) => ({ fromStatus: `S${n}`, toStatus: `S${n + 1}` })),
}

export const RECORD_KINDS: readonly RecordKind[] = [
  agent,
  session,
  state,
  result,
  event,
  mark,
  resource,
  flow,
  count,
  token,
  request,
  transition,
]

/** A kind of each of these protocols. */
export function kindsOf(protocols: readonly Protocol[]): readonly RecordKind[] {
  return protocols.flatMap((protocol) => RECORD_KINDS.findLast((kind) => kind.protocol === protocol) ?? [])
}

/** Every kind of these protocols. */
export function allKindsOf(protocols: readonly Protocol[]): readonly RecordKind[] {
  return RECORD_KINDS.filter(({ protocol }) => protocols.includes(protocol))
}

/** Writes until the store takes it: an acquire that does not wait may be refused where several processes write. */
export async function writeSurely(kind: RecordKind, ...args: Parameters<RecordKind['write']>): Promise<void> {
  while ((await kind.write(...args)) === false) await new Promise(setImmediate)
}
