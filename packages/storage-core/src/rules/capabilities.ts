import type { Protocol } from '../protocols/bundle.ts'

/** What level `atomic` of the conformance suite asks for, all of it. */
export const ATOMIC_CAPABILITIES = [
  'compareAndSet',
  'setIfAbsent',
  'claim',
  'recordMany',
  'eventCursor',
  'capacities',
  'increment',
  'budget',
  'transition',
] as const

/** The closed list of what a backend may claim. What it does not claim is refused with `UnsupportedError`. */
export const CAPABILITIES = [
  ...ATOMIC_CAPABILITIES,
  'leases',
  'atomically',
  'export',
  'processes',
  'durable',
  'pythonFile',
] as const

export type Capability = (typeof CAPABILITIES)[number]

/** Which protocol a capability belongs to, and the method that shows it; null: it spans protocols. */
export const CAPABILITY_OF: { readonly [C in Capability]: readonly [Protocol, string] | null } = {
  compareAndSet: ['context', 'compareAndSetSession'],
  setIfAbsent: ['idempotency', 'setIfAbsent'],
  claim: ['idempotency', 'claim'],
  recordMany: ['decisionAudit', 'recordMany'],
  eventCursor: ['decisionAudit', 'events'],
  capacities: ['resourceLock', 'acquire'],
  increment: ['intentRetry', 'increment'],
  budget: ['escalation', 'tryConsumeBudget'],
  transition: ['lifecycle', 'transition'],
  leases: ['resourceLock', 'renew'],
  atomically: null,
  export: null,
  processes: null,
  durable: null,
  pythonFile: null,
}
