import { type AsyncOperations, type Call, type NewEvent, enactCall, judgeBatch } from '@dir/storage-core'
import { agentRegistry } from './agent-registry.ts'
import type { MongoContext } from './mongo-context.ts'
import { context } from './context.ts'
import { decisionAudit, recordInside } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { appendInside, lifecycle } from './lifecycle.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'

export const operations: AsyncOperations<MongoContext> = {
  agentRegistry,
  context,
  idempotency,
  decisionAudit,
  saga,
  resourceLock,
  intentRetry,
  escalation,
  lifecycle,
}

/** Runs a batch inside a transaction. What appends comes last, because until the commit nobody else can append. */
export async function runBatch(inside: MongoContext, calls: readonly Call[]): Promise<unknown[]> {
  await judgeBatch(operations, inside, calls)
  const answers: unknown[] = []
  for (const [index, call] of calls.entries())
    if (call.protocol !== 'decisionAudit') answers[index] = await enactCall(operations, inside, call)
  const transitions = calls.filter((call) => call.protocol === 'lifecycle')
  if (transitions.length > 0) await appendInside(inside, transitions)
  const records = calls.filter((call) => call.protocol === 'decisionAudit')
  if (records.length > 0) {
    const seqs = await recordInside(
      inside,
      records.map((call) => call.args[0] as readonly NewEvent[]),
    )
    for (const [index, call] of records.entries()) answers[calls.indexOf(call)] = seqs[index]
  }
  return answers
}
