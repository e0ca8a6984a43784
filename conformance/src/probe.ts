import type { Protocol, StorageHandle } from '@dir/storage-core'
import type { Backend } from './backend.ts'

/** A write of each protocol that only seed methods are needed for, and whether it is seen. */
export interface Probe {
  write(storage: StorageHandle, id: string): Promise<unknown>
  seen(storage: StorageHandle, id: string): Promise<boolean>
}

export const PROBES: Readonly<Record<Protocol, Probe>> = {
  context: {
    write: ({ context }, id) => context.setSession(id, '1'),
    seen: async ({ context }, id) => (await context.getSession(id)) === '1',
  },
  agentRegistry: {
    write: ({ agentRegistry }, id) =>
      agentRegistry.upsertAgent({
        agentId: id,
        contractJson: '{}',
        priority: 1,
        status: 'ACTIVE',
        agentVersion: null,
        sessionToken: null,
      }),
    seen: async ({ agentRegistry }, id) => (await agentRegistry.getAgent(id)) !== null,
  },
  idempotency: {
    write: ({ idempotency }, id) => idempotency.set(id, {}),
    seen: async ({ idempotency }, id) => (await idempotency.get(id)) !== null,
  },
  decisionAudit: {
    write: ({ decisionAudit }, id) => decisionAudit.record(id, 'PROBE'),
    seen: async ({ decisionAudit }, id) => (await decisionAudit.eventsForDfid(id)).length > 0,
  },
  saga: {
    write: ({ saga }, id) => saga.markDirty(id, 'probe', '{}'),
    seen: async ({ saga }, id) => (await saga.getDirtyState(id)) !== null,
  },
  resourceLock: {
    write: ({ resourceLock }, id) => resourceLock.acquireBatch(id, { [id]: 1 }, 1),
    seen: async ({ resourceLock }, id) => (await resourceLock.getLockedAmount(id, null)) === 1,
  },
  intentRetry: {
    write: ({ intentRetry }, id) => intentRetry.setCount(id, 1),
    seen: async ({ intentRetry }, id) => (await intentRetry.getCount(id)) === 1,
  },
  escalation: {
    write: ({ escalation }, id) => escalation.recordBudgetToken(id),
    seen: async ({ escalation }, id) => (await escalation.getWindowCount(id, '2000-01-01')) === 1,
  },
  lifecycle: {
    write: ({ lifecycle }, id) => lifecycle.recordTransition(id, null, 'PROBED'),
    seen: async ({ lifecycle }, id) => (await lifecycle.getTransitions(id)).length > 0,
  },
}

/** A probe for what the backend brings. */
export function probeOf({ protocols }: Backend): Probe {
  return PROBES[protocols?.[0] ?? 'context']
}
