import type { StorageHandle, StorageRecord } from '@dir/storage-core'
import { range } from './kit.ts'
import { aRequest, anAgent } from './samples.ts'

/** Every record of a store. */
export function exported(storage: StorageHandle): Promise<StorageRecord[]> {
  return Array.fromAsync(storage.exportRecords())
}

const LEASE = { leaseSec: 600 }

/** Fills an empty store with every kind of record, in orders that are not those of their ids. */
export async function fill(storage: StorageHandle): Promise<void> {
  const { agentRegistry, context, idempotency, decisionAudit, saga, resourceLock } = storage
  const { intentRetry, escalation, lifecycle } = storage
  await agentRegistry.upsertAgent(anAgent('z', { contractJson: '{ "b" : 1.0 }', agentVersion: null }))
  await agentRegistry.upsertAgent(anAgent('__proto__', { sessionToken: '', priority: -7, status: 'x' }))
  await agentRegistry.updateStatus('z', 'SUSPENDED', '')
  await context.setSession('b', ' [1.0] ')
  await context.setSession('a', 'null')
  await context.setState('b', '"\\ud800"')
  await idempotency.set('done', { n: 1n })
  const claim = await idempotency.claim('completed', { ...LEASE, requestHash: 'A' })
  if (claim.state === 'started') await idempotency.complete('completed', claim.token, { n: 2 })
  await idempotency.claim('claimed', { ...LEASE, requestHash: 'B' })
  for (const n of range(5))
    await decisionAudit.record(`flow ${n % 2}`, `E${n}`, {
      stepId: 's',
      details: { n },
      ...(n % 2 === 0 ? { agentId: `agent ${n}` } : {}),
    })
  for (const dfid of ['c', 'a', 'b', 'c']) await saga.markDirty(dfid, `step ${dfid}`, '{"n": 1}')
  await resourceLock.acquireBatch('z', { b: 0.1, a: 0 }, 0)
  await resourceLock.acquireBatch('a', { a: 9_007_199 }, 0, storage.capabilities.has('leases') ? LEASE : {})
  await intentRetry.setCount('b', 0)
  await intentRetry.setCount('a', 2_147_483_647)
  for (const agentId of ['b', 'a', 'b']) await escalation.recordBudgetToken(agentId)
  for (const dfid of ['c', 'a', 'b', 'c']) await escalation.insertRequest(aRequest(dfid, 'agent'))
  await escalation.resolveRequest('a', '2026-03-01', 'MODIFY', '[ 1 ]', { resolvedBy: 'reviewer' })
  for (const [dfid, from] of [
    ['b', null],
    ['a', ''],
    ['b', 'S'],
  ] as const)
    await lifecycle.recordTransition(dfid, from, 'S')
  // What was removed leaves nothing but the numbers that it used up.
  await saga.markDirty('gone', 'step', '{}')
  await saga.clearDirty('gone')
  await resourceLock.acquireBatch('gone', { gone: 1 }, 0)
  await resourceLock.release('gone')
}
