import type { SyncOperations } from '@dir/storage-core/adapter'
import { agentRegistry } from './agent-registry.ts'
import type { Statements } from './statements.ts'
import { context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { lifecycle } from './lifecycle.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'

/** What runs for each operation of the nine protocols, inside the connection's transaction where it writes. */
export const operations: SyncOperations<Statements> = {
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
