import type { StorageHandle } from '@dir/storage-core'

const BUDGET = { limit: 2, windowSec: 60 }

/** Calls every method of every protocol, and gives the answers without what is never twice the same. */
export async function walk(storage: StorageHandle): Promise<unknown> {
  const {
    agentRegistry,
    context,
    idempotency,
    decisionAudit,
    saga,
    resourceLock,
    intentRetry,
    escalation,
    lifecycle,
  } = storage
  const agent = {
    agentId: 'a',
    contractJson: '{}',
    priority: 1,
    status: 'ACTIVE',
    agentVersion: '1',
    sessionToken: 't',
  }
  const request = {
    dfid: 'f',
    agentId: 'a',
    reason: 'r',
    contextJson: '{}',
    proposalJson: '{}',
    impact: 'low',
  }
  await agentRegistry.upsertAgent(agent)
  const answers: unknown[] = [
    await agentRegistry.getAgent('a'),
    await agentRegistry.updateStatus('a', 'SUSPENDED', 'why'),
    await agentRegistry.getStatus('a'),
    await agentRegistry.listActiveAgents(),
    await context.setSession('f', '1'),
    await context.compareAndSetSession('f', '1', '2'),
    await context.getSession('f'),
    await context.setState('a', '1'),
    await context.compareAndSetState('a', null, '2'),
    await context.getState('a'),
    await idempotency.set('k', { k: 1 }),
    await idempotency.get('k'),
    await idempotency.setIfAbsent('k', { k: 2 }),
    await idempotency.setIfAbsent('k2', { k: 2 }),
    await idempotency.claim('k3', { leaseSec: 60 }),
    await decisionAudit.record('f', 'one'),
    await decisionAudit.recordMany([
      { dfid: 'f', event: 'two' },
      { dfid: 'g', event: 'three' },
    ]),
    await decisionAudit.eventsForDfid('f'),
    await decisionAudit.allEventsChronological(),
    await saga.markDirty('f', 'step', '{}'),
    await saga.markDirty('g', 'step', '{}'),
    await saga.getDirtyFlows(),
    await saga.getDirtyState('f'),
    await saga.clearDirty('g'),
    await resourceLock.acquire('f', { r: 1.5 }, 1, { capacities: { r: 2 }, leaseSec: 60 }),
    await resourceLock.acquireBatch('g', { r: 1 }, 0, { capacities: { r: 2 } }).catch(codeOf),
    await resourceLock.renew('f', 60),
    await resourceLock.getLockedAmount('r', null),
    await resourceLock.getHolds(),
    await intentRetry.increment('f'),
    await intentRetry.increment('f'),
    await intentRetry.setCount('g', 5),
    await intentRetry.getCount('g'),
    await intentRetry.delete('g'),
    await escalation.recordBudgetToken('a'),
    await escalation.getWindowCount('a', '2000-01-01'),
    await escalation.tryConsumeBudget('a', BUDGET),
    await escalation.requestWithinBudget(request, BUDGET),
    await escalation.insertRequest(request),
    await escalation.getPendingRequests(),
    await escalation.resolveRequest('f', '2020-01-01', 'APPROVED', null),
    await lifecycle.recordTransition('f', null, 'CREATED'),
    await lifecycle.transition('f', 'CREATED', 'ACTIVE'),
    await lifecycle.transition('f', 'CREATED', 'ACTIVE'),
    await lifecycle.getTransitions('f'),
    await lifecycle.getCurrentStatus('f'),
    await storage.atomically((batch) => {
      batch.context.compareAndSetSession('f', '2', '3')
      batch.lifecycle.transition('f', 'ACTIVE', 'DONE')
      batch.decisionAudit.record('f', 'four')
      batch.intentRetry.increment('f')
      batch.resourceLock.release('f')
    }),
    await Array.fromAsync(storage.exportRecords()),
    (await storage.health()).ok,
  ]
  return JSON.parse(JSON.stringify(answers, withoutChance)) as unknown
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code
}

function withoutChance(key: string, value: unknown): unknown {
  if (key === 'token') return 'a token'
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? 'a time' : value
}
