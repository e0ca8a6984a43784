import path from 'node:path'
import type { StorageHandle } from '@dir/storage-core'
import { sqliteStorage } from '@dir/storage-sqlite'
import { fill } from '../../../conformance/src/scenarios/filled.ts'
import { folder } from './command.ts'

/** Fills a store with records of every type, in orders of many kinds. */
export async function fillWell(storage: StorageHandle): Promise<void> {
  await fill(storage)
  const { agentRegistry, idempotency, decisionAudit, escalation, lifecycle } = storage
  const flows = ['zebra', 'ä', '😀', '\uFFFD', 'A', 'a b', 'a', 'Z']
  for (const dfid of flows) {
    await agentRegistry.upsertAgent({
      agentId: `agent ${dfid}`,
      contractJson: '{"a": 1.0, "\u2028": "\u2029"}',
      priority: 1,
      status: 'ACTIVE',
      agentVersion: '1',
      sessionToken: null,
    })
    await idempotency.set(`${dfid}:order`, { price: 1.5 })
    await idempotency.claim(`${dfid}:pay`, { leaseSec: 600, dfid, stepId: 'pay' })
    await escalation.recordBudgetToken(dfid)
    await lifecycle.transition(dfid, null, 'NEW')
    await decisionAudit.record(dfid, 'ASKED', { agentId: `agent ${dfid}`, details: { text: '\u2028\n' } })
  }
}

/** A file of its own with such a store. */
export async function filledFile(name = 'filled.sqlite'): Promise<string> {
  const file = path.join(folder(), name)
  await using storage = sqliteStorage(file)
  await fillWell(storage)
  return file
}
