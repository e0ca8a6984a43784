// All protocols, registered once. The rest of core treats them alike, and knows none of them by name.
import { agentRegistry } from './agent-registry.ts'
import { type ContextConditions, context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { type LifecycleConditions, lifecycle } from './lifecycle.ts'
import type { OperationsOf, ProtocolDefinition } from './protocol.ts'
import type { CountersExport } from './record-rules.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'
import { CAPABILITIES, type Capability } from '../rules/capabilities.ts'

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

type TypesOf<D> = D extends ProtocolDefinition<infer T, infer _> ? T : never

type Registered = typeof registered

/** The nine protocols. Source: `StorageBundle` in `dir_core.storage`. */
export type StorageBundle = { readonly [P in keyof Registered]: TypesOf<Registered[P]>['storage'] }

export type Protocol = keyof Registered

/** What a batch can ask for beside the protocols' own methods. */
export interface Conditions extends LifecycleConditions, ContextConditions {}

/** What an adapter implements, protocol by protocol. */
export type Operations = { readonly [P in Protocol]: OperationsOf<TypesOf<Registered[P]>> }

/** The part of them that reads. */
export type Reads = { readonly [P in Protocol]: TypesOf<Registered[P]>['reads'] }

/** The part of them that judges and writes. */
export type Writes = { readonly [P in Protocol]: TypesOf<Registered[P]>['writes'] }

/** The methods of a protocol that a batch takes. */
export type BatchMethod<P extends Protocol> =
  Registered[P] extends ProtocolDefinition<infer _, infer M> ? M & keyof StorageBundle[P] : never

/** Any record of an export. */
export type StorageRecord = TypesOf<Registered[Protocol]>['record'] | CountersExport

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
