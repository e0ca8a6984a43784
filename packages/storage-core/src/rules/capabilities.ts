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
  'join',
  'export',
  'prune',
  'processes',
  'durable',
  'pythonFile',
] as const

export type Capability = (typeof CAPABILITIES)[number]
