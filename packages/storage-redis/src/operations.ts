import type { AsyncOperations, Call } from '@dir/storage-core'
import { agentRegistry } from './agent-registry.ts'
import { context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { lifecycle } from './lifecycle.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'
import type { RedisSession } from './session.ts'

const operations: AsyncOperations<RedisSession> = {
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

type Operation = (redis: RedisSession, ...args: readonly unknown[]) => Promise<unknown>

/** Runs one call; what it writes is handed to the session before this returns. */
export function runCall(redis: RedisSession, call: Call): Promise<unknown> {
  const table = operations[call.protocol] as unknown as Readonly<Record<string, Operation>>
  return (table[call.operation] as Operation)(redis, ...call.args)
}

/** Writes that need no memory: they must go through where there is none left. */
const FREEING: ReadonlySet<string> = new Set(['release', 'clearDirty', 'delete', 'abandon'])

export function frees(call: Call): boolean {
  return FREEING.has(call.operation)
}
