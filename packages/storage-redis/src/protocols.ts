import type { Protocol } from '@dir/storage-core'
import type { Call } from '@dir/storage-core/adapter'
import { agentRegistry } from './agent-registry.ts'
import { context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { lifecycle } from './lifecycle.ts'
import type { RedisProtocol, RedisReader, RedisWrite } from './protocol.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'

export const REDIS_PROTOCOLS: { readonly [P in Protocol]: RedisProtocol<P> } = {
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

type Read = (redis: RedisReader, ...args: readonly unknown[]) => Promise<unknown>

export async function runRead(redis: RedisReader, { protocol, operation, args }: Call): Promise<unknown> {
  return (Reflect.get(REDIS_PROTOCOLS[protocol].reads, operation) as Read)(redis, ...args)
}

export function writeOf({ protocol, operation }: Call): RedisWrite {
  return Reflect.get(REDIS_PROTOCOLS[protocol].writes, operation) as RedisWrite
}
