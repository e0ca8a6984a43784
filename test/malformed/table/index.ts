import type { Table } from '../table.ts'
import { agentRegistry } from './agent-registry.ts'
import { context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { lifecycle } from './lifecycle.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'

export const TABLE: Table = {
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

/** Methods that take no argument. */
export const WITHOUT_ARGUMENTS: readonly string[] = [
  'agentRegistry.initSchema',
  'agentRegistry.listActiveAgents',
  'context.initSchema',
  'decisionAudit.initSchema',
  'decisionAudit.allEventsChronological',
  'saga.initSchema',
  'saga.getDirtyFlows',
  'resourceLock.initSchema',
  'escalation.initSchema',
  'escalation.getPendingRequests',
]
