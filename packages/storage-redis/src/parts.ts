import type { Protocol } from '@dir/storage-core'
import { agentRegistryScript } from './agent-registry.ts'
import { contextScript } from './context.ts'
import { decisionAuditScript } from './decision-audit.ts'
import { escalationScript } from './escalation.ts'
import { idempotencyScript } from './idempotency.ts'
import { intentRetryScript } from './intent-retry.ts'
import { lifecycleScript } from './lifecycle.ts'
import { resourceLockScript } from './resource-lock-script.ts'
import { sagaScript } from './saga.ts'
import type { ScriptPart } from './script.ts'

export const PARTS: { readonly [P in Protocol]: ScriptPart } = {
  agentRegistry: agentRegistryScript,
  context: contextScript,
  idempotency: idempotencyScript,
  decisionAudit: decisionAuditScript,
  saga: sagaScript,
  resourceLock: resourceLockScript,
  intentRetry: intentRetryScript,
  escalation: escalationScript,
  lifecycle: lifecycleScript,
}
