import type { Protocol } from '@dir/storage-core'
import {
  type Call,
  type Implementation,
  type Operations,
  type Writes,
  operationOf,
} from '@dir/storage-core/adapter'
import { agentRegistry } from './agent-registry.ts'
import { context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { lifecycle } from './lifecycle.ts'
import type { MongoContext } from './mongo-context.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'

/** What reads, exports and imports. */
const operations: {
  readonly [P in Protocol]: Implementation<Omit<Operations[P], keyof Writes[P]>, MongoContext>
} = {
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

/** Answers a read, or a page of an export or an import. */
export async function ask(context: MongoContext, call: Call): Promise<unknown> {
  const operation = operationOf<(context: MongoContext, ...args: Call['args']) => unknown>(operations, call)
  return operation(context, ...call.args)
}
