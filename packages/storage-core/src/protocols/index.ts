import { agentRegistry } from './agent-registry.ts'
import type { Protocol } from './bundle.ts'
import { context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { lifecycle } from './lifecycle.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'

/** The public methods of each protocol on top of an adapter's operations. */
export const METHODS = {
  agentRegistry,
  context,
  idempotency,
  decisionAudit,
  saga,
  resourceLock,
  intentRetry,
  escalation,
  lifecycle,
} as const

export const PROTOCOLS = Object.keys(METHODS) as readonly Protocol[]

/** The protocols on which the original has `init_schema`. */
export const WITH_INIT_SCHEMA: ReadonlySet<Protocol> = new Set([
  'agentRegistry',
  'context',
  'decisionAudit',
  'saga',
  'resourceLock',
  'escalation',
])
