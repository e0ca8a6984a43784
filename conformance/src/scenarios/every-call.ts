import { PROTOCOLS, type Protocol, type StorageHandle } from '@dir/storage-core'
import { anAgent, aRequest } from './samples.ts'

type Calls = Readonly<Record<string, () => Promise<unknown>>>

/** A correct call of every seed method, by its name; `id` is the id of everything. */
export function seedCalls(storage: StorageHandle, id: string): Partial<Record<Protocol, Calls>> {
  const { agentRegistry, context, idempotency, decisionAudit, saga } = storage
  const { resourceLock, intentRetry, escalation, lifecycle } = storage
  return {
    agentRegistry: {
      initSchema: () => agentRegistry.initSchema(),
      upsertAgent: () => agentRegistry.upsertAgent(anAgent(id)),
      getAgent: () => agentRegistry.getAgent(id),
      updateStatus: () => agentRegistry.updateStatus(id, 'ACTIVE', null),
      getStatus: () => agentRegistry.getStatus(id),
      listActiveAgents: () => agentRegistry.listActiveAgents(),
      listAgents: () => Array.fromAsync(agentRegistry.listAgents({ status: id })),
    },
    context: {
      initSchema: () => context.initSchema(),
      getSession: () => context.getSession(id),
      setSession: () => context.setSession(id, '{}'),
      getState: () => context.getState(id),
      setState: () => context.setState(id, '{}'),
    },
    idempotency: {
      get: () => idempotency.get(id),
      getResultJson: () => idempotency.getResultJson(id),
      set: () => idempotency.set(id, {}),
    },
    decisionAudit: {
      initSchema: () => decisionAudit.initSchema(),
      record: () => decisionAudit.record(id, 'E'),
      eventsForDfid: () => decisionAudit.eventsForDfid(id),
      allEventsChronological: () => decisionAudit.allEventsChronological(),
    },
    saga: {
      initSchema: () => saga.initSchema(),
      markDirty: () => saga.markDirty(id, 'step', '{}'),
      getDirtyFlows: () => saga.getDirtyFlows(),
      getDirtyState: () => saga.getDirtyState(id),
      clearDirty: () => saga.clearDirty(id),
      listDirtyFlows: () => Array.fromAsync(saga.listDirtyFlows()),
    },
    resourceLock: {
      initSchema: () => resourceLock.initSchema(),
      getLockedAmount: () => resourceLock.getLockedAmount(id, null),
      acquireBatch: () => resourceLock.acquireBatch(id, { [id]: 1 }, 0),
      release: () => resourceLock.release(id),
    },
    intentRetry: {
      getCount: () => intentRetry.getCount(id),
      setCount: () => intentRetry.setCount(id, 1),
      delete: () => intentRetry.delete(id),
    },
    escalation: {
      initSchema: () => escalation.initSchema(),
      getWindowCount: () => escalation.getWindowCount(id, '2000-01-01'),
      recordBudgetToken: () => escalation.recordBudgetToken(id),
      insertRequest: () => escalation.insertRequest(aRequest(id, id)),
      resolveRequest: () => escalation.resolveRequest(id, '2026-03-01', 'APPROVE', null),
      getRequest: () => escalation.getRequest(id),
      listRequests: () => Array.fromAsync(escalation.listRequests({ agentId: id })),
      getPendingRequests: () => escalation.getPendingRequests(),
    },
    lifecycle: {
      recordTransition: () => lifecycle.recordTransition(id, null, 'NEW'),
      getTransitions: () => lifecycle.getTransitions(id),
      listFlows: () => Array.fromAsync(lifecycle.listFlows({ status: id })),
    },
  }
}

/** A correct call of every atomic verb, by its name. */
export function atomicCalls(storage: StorageHandle, id: string): Partial<Record<Protocol, Calls>> {
  const { context, idempotency, decisionAudit, resourceLock, intentRetry, escalation, lifecycle } = storage
  const budget = { limit: 1, windowSec: 60 }
  return {
    context: {
      compareAndSetSession: () => context.compareAndSetSession(id, null, '{}'),
      compareAndSetState: () => context.compareAndSetState(id, null, '{}'),
    },
    idempotency: {
      setIfAbsent: () => idempotency.setIfAbsent(id, {}),
      claim: () => idempotency.claim(id, { leaseSec: 60 }),
      listClaims: () => Array.fromAsync(idempotency.listClaims({ dfid: id })),
      renewClaim: () => idempotency.renewClaim(id, 'token', 60),
      complete: () => idempotency.complete(id, 'token', {}),
      abandon: () => idempotency.abandon(id, 'token'),
    },
    decisionAudit: {
      recordMany: () => decisionAudit.recordMany([{ dfid: id, event: 'E' }]),
      events: () => Array.fromAsync(decisionAudit.events({ dfid: id })),
    },
    resourceLock: {
      acquire: () => resourceLock.acquire(id, { [id]: 1 }, 0),
      getHolds: () => resourceLock.getHolds({ dfid: id }),
      listHolds: () => Array.fromAsync(resourceLock.listHolds({ dfid: id })),
    },
    intentRetry: { increment: () => intentRetry.increment(id) },
    escalation: {
      tryConsumeBudget: () => escalation.tryConsumeBudget(id, budget),
      requestWithinBudget: () => escalation.requestWithinBudget(aRequest(id, id), budget),
    },
    lifecycle: {
      getCurrentStatus: () => lifecycle.getCurrentStatus(id),
      transition: () => lifecycle.transition(id, null, 'NEW'),
    },
  }
}

/** Each of `calls` of these protocols, with the names of its protocol and method. */
export function flat(
  calls: Partial<Record<Protocol, Calls>>,
  protocols: readonly Protocol[] = PROTOCOLS,
): [Protocol, string, () => Promise<unknown>][] {
  return protocols.flatMap((protocol) =>
    Object.entries(calls[protocol] ?? {}).map(
      ([method, call]): [Protocol, string, () => Promise<unknown>] => [protocol, method, call],
    ),
  )
}
