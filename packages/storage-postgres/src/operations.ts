import { operationOf } from '@dir/storage-core/adapter'
import type { Protocol } from '@dir/storage-core'
import type { Call } from '@dir/storage-core/adapter'
import { agentRegistry } from './agent-registry.ts'
import { context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { lifecycle } from './lifecycle.ts'
import type { PgProtocol } from './protocol.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'
import type { PgSession } from './session.ts'

/** The nine protocols. */
export const PROTOCOLS = {
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

type Parts<K extends keyof PgProtocol<never, never, never>> = {
  readonly [P in Protocol]: (typeof PROTOCOLS)[P][K]
}

function partOf<K extends keyof PgProtocol<never, never, never>>(part: K): Parts<K> {
  return Object.fromEntries(
    Object.entries(PROTOCOLS).map(([name, protocol]) => [name, protocol[part]]),
  ) as Parts<K>
}

/** How each call is written, judged by the server's function. */
export const WRITES: Parts<'writes'> = partOf('writes')

const READS = partOf('reads')

type Read = (db: PgSession, ...args: readonly unknown[]) => Promise<unknown>

/** How a call is read: its operation, or a page of an export. */
export function readOf(call: Call): Read {
  return call.operation === 'exportPage'
    ? (PROTOCOLS[call.protocol].exportPage as Read)
    : operationOf(READS, call)
}
