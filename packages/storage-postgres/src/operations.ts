import type { Call } from '@dir/storage-core'
import { agentRegistry } from './agent-registry.ts'
import { context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { lifecycle } from './lifecycle.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'
import type { PgSession } from './session.ts'

const operations = {
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

type Act = (db: PgSession, ...args: readonly unknown[]) => Promise<unknown>

/** By itself one step; in a batch it is judged with all the others before any is enacted. */
type Operation = Act & { readonly judge?: Act; readonly enact?: Act }

export function find({ protocol, operation }: Call): Operation {
  return (operations[protocol] as unknown as Record<string, Operation>)[operation] as Operation
}
