import type { Capability, StorageHandle } from '@dir/storage-core'
import type { ApplicationTransaction, Backend } from '../backend.ts'

/** A backend broken on purpose in one behaviour: what the suite must catch, and what proves that it does. */
export interface Mutant {
  readonly id: string
  /** The promise that it breaks, as a sentence about the broken backend. */
  readonly breaks: string
  /** The kind of fault in the world that it stands for. */
  readonly from: string
  /** The scenario that must fail on it. */
  readonly killedBy: string
  /** What the sound backend must claim, beyond what all do. */
  readonly capability?: Capability
  /** The broken backend, over any sound one. */
  wrap(backend: Backend): Backend
  /** A small program of its own that shows the fault: true on the mutant, false on a sound backend. */
  witness(
    storage: StorageHandle,
    open: (options?: Readonly<Record<string, unknown>>) => Promise<StorageHandle>,
    elsewhere: Elsewhere,
  ): Promise<boolean>
}

/** For witnesses of faults between namespaces, and beside the handles. */
export interface Elsewhere {
  /** That of the witness. */
  readonly namespace: string
  readonly openIn: (namespace: string) => Promise<StorageHandle>
  /** Where the backend has them. */
  readonly openTransaction: () => Promise<ApplicationTransaction>
  readonly destroy: (namespace: string) => Promise<void>
}
