import type { Protocol, StorageHandle, StoredRequest } from '@dir/storage-core'
import { same } from '../same.ts'
import type { Scenario } from '../scenario.ts'
import { read } from './lifecycle-flows.ts'
import { timeAt } from './plant.ts'
import { aRequest, anAgent } from './samples.ts'

/** What is replaced again and again while others read it, and what a reader may see. */
export interface Replaced {
  readonly words: string
  readonly protocol: Protocol
  readonly level: Scenario['level']
  readonly capabilities?: NonNullable<Scenario['capabilities']>
  readonly write: (storage: StorageHandle, id: string, n: number) => Promise<unknown>
  readonly read: (storage: StorageHandle, id: string) => Promise<unknown>
  /** Whether it is what one of the writes left behind. */
  readonly isWhole: (seen: unknown, id: string) => boolean
}

/** Everything that one write said of a request, decided or not yet. */
function isWholeDecision(request: StoredRequest | null | undefined): boolean {
  const { agentId = '', reason, proposal, status, decision, resolvedAt, resolvedBy } = request ?? {}
  const seen = [agentId, reason, String(proposal), status, decision, resolvedAt, resolvedBy]
  const undecided = [agentId, agentId, '0', 'PENDING', null, null, null]
  const decided = [agentId, agentId, agentId, 'RESOLVED', agentId, timeAt(Number(agentId)), agentId]
  return same(seen, undecided) || same(seen, decided)
}

/** What more than one record, or a part of one, shows. */
export const LISTS: readonly Replaced[] = [
  {
    words: 'agents',
    protocol: 'agentRegistry',
    level: 'seed',
    write: ({ agentRegistry }, id, n) =>
      agentRegistry.upsertAgent(anAgent(id, { priority: n, status: `${n}`, agentVersion: `${n}` })),
    read: async ({ agentRegistry }, id) => {
      const agent = await agentRegistry.getAgent(id)
      return [agent?.priority, agent?.status, agent?.agentVersion].map(String)
    },
    isWhole: (seen) => /^\d+$/.test(String((seen as string[])[0])) && new Set(seen as string[]).size === 1,
  },
  {
    words: 'dirty-flows',
    protocol: 'saga',
    level: 'seed',
    write: ({ saga }, id, n) => saga.markDirty(id, `${n}`, '{}'),
    read: async ({ saga }, id) => (await saga.getDirtyFlows()).filter((dfid) => dfid === id),
    isWhole: (seen, id) => same(seen, [id]),
  },
  {
    words: 'pending-requests',
    protocol: 'escalation',
    level: 'seed',
    write: ({ escalation }, id, n) =>
      escalation.insertRequest(aRequest(id, `${n}`, { reason: `${n}`, contextJson: `${n}`, impact: `${n}` })),
    read: async ({ escalation }, id) =>
      (await escalation.getPendingRequests())
        .filter(({ dfid }) => dfid === id)
        .map(({ agentId, reason, context, impact }) => [agentId, reason, String(context), impact]),
    isWhole: (seen) => {
      const [only, ...more] = seen as string[][]
      return only !== undefined && more.length === 0 && new Set(only).size === 1
    },
  },
  {
    words: 'decisions',
    protocol: 'escalation',
    level: 'seed',
    async write({ escalation }, id, n) {
      const [own, resolvedBy] = [`${n}`, `${n}`]
      await escalation.insertRequest(aRequest(id, own, { reason: own, proposalJson: '0' }))
      await escalation.resolveRequest(id, timeAt(n), own, own, { resolvedBy })
    },
    async read({ escalation }, id) {
      const all = await Array.fromAsync(escalation.listRequests())
      return [await escalation.getRequest(id), all.find(({ dfid }) => dfid === id)]
    },
    isWhole: (seen) => (seen as (StoredRequest | null | undefined)[]).every(isWholeDecision),
  },
  {
    words: 'statuses',
    protocol: 'agentRegistry',
    level: 'seed',
    write: ({ agentRegistry }, id, n) =>
      n === 0
        ? agentRegistry.upsertAgent(anAgent(id, { status: 'none' }))
        : agentRegistry.updateStatus(id, `${n}`, `${n}`),
    read: ({ agentRegistry }, id) => agentRegistry.getStatus(id),
    isWhole: (seen) => {
      const { status, suspensionReason } = seen as { status: string; suspensionReason: string | null }
      return status === (suspensionReason ?? 'none')
    },
  },
  {
    words: 'active-agents',
    protocol: 'agentRegistry',
    level: 'seed',
    write: ({ agentRegistry }, id, n) =>
      n % 2 === 0
        ? agentRegistry.upsertAgent(anAgent(id, { priority: n }))
        : agentRegistry.updateStatus(id, 'ACTIVE', `${n}`),
    read: async ({ agentRegistry }, id) => [
      (await agentRegistry.listActiveAgents()).includes(id),
      (await agentRegistry.getStatus(id))?.status,
    ],
    isWhole: (seen) => same(seen, [true, 'ACTIVE']),
  },
  {
    words: 'holds-of-one-acquire',
    protocol: 'resourceLock',
    level: 'atomic',
    write: ({ resourceLock }, id, n) =>
      resourceLock.acquireBatch(id, { [`${id} a`]: n, [`${id} b`]: n, [`${id} c`]: n }, 30),
    read: async ({ resourceLock }, id) =>
      (await resourceLock.getHolds({ dfid: id })).map(({ amount, fence }) => `${amount} ${fence}`),
    isWhole: (seen) => (seen as unknown[]).length === 3 && new Set(seen as unknown[]).size === 1,
  },
  {
    words: 'holds-that-come-and-go',
    protocol: 'resourceLock',
    level: 'atomic',
    write: ({ resourceLock }, id, n) =>
      n % 2 === 0
        ? resourceLock.acquireBatch(id, { [`${id} a`]: 1, [`${id} b`]: 1, [`${id} c`]: 1 }, 30)
        : resourceLock.release(id),
    read: async ({ resourceLock }, id) => (await resourceLock.getHolds({ dfid: id })).length,
    isWhole: (seen) => seen === 0 || seen === 3,
  },
  {
    words: 'current-status',
    protocol: 'lifecycle',
    level: 'atomic',
    write: ({ lifecycle }, id, n) => lifecycle.recordTransition(id, null, `S${n}`),
    read: ({ lifecycle }, id) => lifecycle.getCurrentStatus(id),
    isWhole: (seen) => /^S\d+$/.test(String(seen)),
  },
  {
    words: 'where-a-flow-stands',
    protocol: 'lifecycle',
    level: 'seed',
    write: ({ lifecycle }, id, n) => lifecycle.recordTransition(id, `${n - 1}`, `${n}`),
    read: async ({ lifecycle }, id) =>
      (await read(lifecycle)).flatMap(({ dfid, status, since }) =>
        dfid === id && since !== null ? status : [],
      ),
    // one that moves between two pages comes twice
    isWhole: (seen) => /^\d+(,\d+)*$/.test(String(seen)),
  },
  {
    words: 'request-and-token',
    protocol: 'escalation',
    level: 'atomic',
    write: ({ escalation }, id, n) =>
      escalation.requestWithinBudget(aRequest(`${id} ${n}`, id), { limit: 1_000, windowSec: 3_600 }),
    async read({ escalation }, id) {
      const before = await escalation.getWindowCount(id, '2000-01-01')
      const pending = (await escalation.getPendingRequests()).filter(({ agentId }) => agentId === id).length
      const after = await escalation.getWindowCount(id, '2000-01-01')
      return before <= pending && pending <= after
    },
    isWhole: (seen) => seen === true,
  },
  {
    words: 'batches',
    protocol: 'context',
    level: 'atomic',
    capabilities: ['atomically'],
    write: (storage, id, n) =>
      storage.atomically((batch) => {
        batch.context.setState(id, `${n}`)
        batch.intentRetry.setCount(id, n)
        batch.context.setSession(id, `${n}`)
      }),
    async read({ context, intentRetry }, id) {
      const first = Number(await context.getState(id))
      const second = await intentRetry.getCount(id)
      const third = Number(await context.getSession(id))
      return [first, second, third, Number(await context.getState(id))]
    },
    // what is read later is no older
    isWhole: (seen) =>
      same(
        (seen as number[]).toSorted((a, b) => a - b),
        seen,
      ),
  },
]
