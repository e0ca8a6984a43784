import { CAPABILITIES, type Capability, type Protocol, type StorageHandle } from '@dir/storage-core'
import type { Backend } from './backend.ts'
import { concerns } from './level.ts'
import type { Scenario } from './scenario.ts'
import type { ScenarioResult } from './verdict.ts'

interface Refusal {
  readonly protocols: readonly Protocol[]
  /** Every call that must be refused. */
  calls(storage: StorageHandle, id: string): readonly (() => Promise<unknown>)[]
  /** What is there afterwards, and must be nothing. */
  left(storage: StorageHandle, id: string): Promise<readonly unknown[]>
  readonly nothing: readonly unknown[]
}

const request = (id: string) => ({
  dfid: id,
  agentId: id,
  reason: '',
  contextJson: '{}',
  proposalJson: '{}',
  impact: '',
})
const budget = { limit: 5, windowSec: 60 }
const lease = { leaseSec: 60 }
const drain = (items: AsyncIterable<unknown>) => Array.fromAsync(items)

const REFUSALS: { readonly [C in Capability]?: Refusal } = {
  compareAndSet: {
    protocols: ['context'],
    calls: ({ context }, id) => [
      () => context.compareAndSetSession(id, null, '1'),
      () => context.compareAndSetState(id, null, '1'),
    ],
    left: ({ context }, id) => Promise.all([context.getSession(id), context.getState(id)]),
    nothing: [null, null],
  },
  setIfAbsent: {
    protocols: ['idempotency'],
    calls: ({ idempotency }, id) => [() => idempotency.setIfAbsent(id, { a: 1 })],
    left: async ({ idempotency }, id) => [await idempotency.get(id)],
    nothing: [null],
  },
  claim: {
    protocols: ['idempotency'],
    calls: ({ idempotency }, id) => [
      () => idempotency.claim(id, lease),
      () => idempotency.renewClaim(id, 'token', 60),
      () => idempotency.complete(id, 'token', { a: 1 }),
      () => idempotency.abandon(id, 'token'),
    ],
    left: async ({ idempotency }, id) => [await idempotency.get(id)],
    nothing: [null],
  },
  recordMany: {
    protocols: ['decisionAudit'],
    calls: ({ decisionAudit }, id) => [() => decisionAudit.recordMany([{ dfid: id, event: 'E' }])],
    left: ({ decisionAudit }, id) => decisionAudit.eventsForDfid(id),
    nothing: [],
  },
  eventCursor: {
    protocols: ['decisionAudit'],
    calls: ({ decisionAudit }, id) => [() => drain(decisionAudit.events({ dfid: id }))],
    left: ({ decisionAudit }, id) => decisionAudit.eventsForDfid(id),
    nothing: [],
  },
  capacities: {
    protocols: ['resourceLock'],
    calls: ({ resourceLock }, id) => [
      () => resourceLock.acquireBatch(id, { [id]: 1 }, 1, { capacities: { [id]: 5 } }),
      () => resourceLock.acquire(id, { [id]: 1 }, 1),
      () => resourceLock.getHolds({ dfid: id }),
    ],
    left: async ({ resourceLock }, id) => [await resourceLock.getLockedAmount(id, null)],
    nothing: [0],
  },
  increment: {
    protocols: ['intentRetry'],
    calls: ({ intentRetry }, id) => [() => intentRetry.increment(id)],
    left: async ({ intentRetry }, id) => [await intentRetry.getCount(id)],
    nothing: [0],
  },
  budget: {
    protocols: ['escalation'],
    calls: ({ escalation }, id) => [
      () => escalation.tryConsumeBudget(id, budget),
      () => escalation.requestWithinBudget(request(id), budget),
    ],
    left: async ({ escalation }, id) => [
      await escalation.getWindowCount(id, '2000-01-01'),
      (await escalation.getPendingRequests()).filter((one) => one.dfid === id),
    ],
    nothing: [0, []],
  },
  transition: {
    protocols: ['lifecycle'],
    calls: ({ lifecycle }, id) => [() => lifecycle.transition(id, null, 'NEW')],
    left: ({ lifecycle }, id) => lifecycle.getTransitions(id),
    nothing: [],
  },
  leases: {
    protocols: ['resourceLock'],
    calls: ({ resourceLock }, id) => [
      () => resourceLock.acquireBatch(id, { [id]: 1 }, 1, lease),
      () => resourceLock.renew(id, 60),
    ],
    left: async ({ resourceLock }, id) => [await resourceLock.getLockedAmount(id, null)],
    nothing: [0],
  },
  atomically: {
    protocols: ['context'],
    calls: (storage, id) => [() => storage.atomically((batch) => batch.context.setSession(id, '1'))],
    left: async ({ context }, id) => [await context.getSession(id)],
    nothing: [null],
  },
  join: {
    protocols: [],
    calls: (storage) => [async () => storage.within({})],
    left: () => Promise.resolve([]),
    nothing: [],
  },
  export: {
    protocols: [],
    calls: (storage) => [() => drain(storage.exportRecords()), () => storage.importRecords([])],
    left: () => Promise.resolve([]),
    nothing: [],
  },
}

/** For each capability that is not claimed: whether it is refused by its name, with no effect. */
export function refusals(backend: Backend): Scenario[] {
  const brings = (protocol: Protocol): boolean => backend.protocols?.includes(protocol) ?? true
  return CAPABILITIES.flatMap((capability) => {
    const refusal = REFUSALS[capability]
    if (backend.claims[capability] === true || refusal === undefined) return []
    if (!concerns(backend, capability) || !refusal.protocols.every(brings)) return []
    if (backend.protocols !== undefined && refusal.protocols.length === 0) return []
    return [toScenario(capability, refusal)]
  })
}

/** The capabilities of which a refusal was seen. */
export function refusedIn(results: readonly ScenarioResult[]): Capability[] {
  const seen = new Set(results.filter(({ verdict }) => verdict === 'unsupported').map(({ id }) => id))
  return CAPABILITIES.filter((capability) => seen.has(idOf(capability)))
}

const idOf = (capability: Capability): string => `refused/${capability}`

function toScenario(capability: Capability, refusal: Refusal): Scenario {
  return {
    id: idOf(capability),
    title: `refuses ${capability}, which is not claimed, and leaves nothing behind`,
    clause: 'what is not claimed is refused with UnsupportedError',
    level: 'seed',
    protocols: refusal.protocols,
    asserts: 2,
    async run({ storage, id, assert }) {
      const one = id(capability)
      for (const call of refusal.calls(storage, one))
        await assert.rejects(call, 'STORAGE_UNSUPPORTED', `${capability} is refused`, { capability })
      assert.equal(
        await refusal.left(storage, one),
        refusal.nothing,
        `a refused ${capability} leaves nothing`,
      )
      assert.equal(storage.capabilities.has(capability), false, 'the handle does not claim it either')
    },
  }
}
