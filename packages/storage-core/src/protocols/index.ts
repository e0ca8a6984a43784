// All protocols, registered once. The rest of core treats them alike, and knows none of them by name.
import { type AgentRegistryStorage, agentRegistry } from './agent-registry.ts'
import { type ContextConditions, type ContextStorage, context } from './context.ts'
import { type DecisionAuditStorage, decisionAudit } from './decision-audit.ts'
import { type EscalationStorage, escalation } from './escalation.ts'
import { type IdempotencyStorage, idempotency } from './idempotency.ts'
import { type IntentRetryStorage, intentRetry } from './intent-retry.ts'
import { type LifecycleConditions, type LifecycleStorage, lifecycle } from './lifecycle.ts'
import type { OperationsOf, ProtocolDefinition } from './protocol.ts'
import type { CountersExport } from './record-rules.ts'
import { type ResourceLockStorage, resourceLock } from './resource-lock.ts'
import { type SagaStorage, saga } from './saga.ts'
import { CAPABILITIES, type Capability } from '../rules/capabilities.ts'

/** The nine protocols. Source: `StorageBundle` in `dir_core.storage`. */
export interface StorageBundle {
  readonly agentRegistry: AgentRegistryStorage
  readonly context: ContextStorage
  readonly idempotency: IdempotencyStorage
  readonly decisionAudit: DecisionAuditStorage
  readonly saga: SagaStorage
  readonly resourceLock: ResourceLockStorage
  readonly intentRetry: IntentRetryStorage
  readonly escalation: EscalationStorage
  readonly lifecycle: LifecycleStorage
}

export type Protocol = keyof StorageBundle

/** In the order in which an export has their records. */
const registered = {
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

/** What a batch can ask for beside the protocols' own methods. */
export interface Conditions extends LifecycleConditions, ContextConditions {}

type Registered = typeof registered
type TypesOf<P extends Protocol> = Registered[P] extends ProtocolDefinition<infer T, infer _> ? T : never

/** What an adapter implements, protocol by protocol. */
export type Operations = { readonly [P in Protocol]: OperationsOf<TypesOf<P>> }

/** The part of them that reads. */
export type Reads = { readonly [P in Protocol]: TypesOf<P>['reads'] }

/** The part of them that judges and writes. */
export type Writes = { readonly [P in Protocol]: TypesOf<P>['writes'] }

/** The methods of a protocol that a batch takes. */
export type BatchMethod<P extends Protocol> =
  Registered[P] extends ProtocolDefinition<infer _, infer M> ? M & keyof StorageBundle[P] : never

/** Any record of an export. */
export type StorageRecord = TypesOf<Protocol>['record'] | CountersExport

export const DEFINITIONS: { readonly [P in Protocol]: ProtocolDefinition } = registered

export const PROTOCOLS = Object.keys(DEFINITIONS) as readonly Protocol[]

const homes = PROTOCOLS.flatMap((protocol) =>
  Object.entries(DEFINITIONS[protocol].capabilities ?? {}).map(
    ([capability, method]) => [capability, [protocol, method]] as const,
  ),
)

/** Which protocol a capability belongs to, and a method that shows it; null: it spans protocols. */
export const CAPABILITY_OF = Object.fromEntries([
  ...CAPABILITIES.map((capability) => [capability, null] as const),
  ...homes,
]) as { readonly [C in Capability]: readonly [Protocol, string] | null }
