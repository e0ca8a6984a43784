// All that a backend's module needs of the suite: each child process loads it, and the scenarios would take most of that.
import './check-node.ts'
import type { Capability, HandleOptions, Protocol, StorageHandle } from '@dir/storage-core'

/** A handle of a backend that brings only some of the nine: those, and of the rest what it has. */
export type PartialHandle = Partial<StorageHandle>

/** True: claimed, and tested. Text: why not; then the suite tests that it is refused with `UnsupportedError`. */
export type Claims = { readonly [C in Capability]: true | string }

/** A known failure, kept in the backend's own file: it still runs, and passing unexpectedly is a failure too. */
export interface Deviation {
  readonly reason: string
  /** Where it is tracked. */
  readonly issue: string
  /** `YYYY-MM-DD`; after that day the deviation counts as a failure. */
  readonly expires: string
}

/** A transaction that an application has open. */
export interface ApplicationTransaction {
  /** What `within` takes. */
  readonly client: object
  readonly commit: () => Promise<void>
  readonly rollback: () => Promise<void>
  /** Frees the client, whether the transaction is over or not. */
  readonly close: () => Promise<void>
}

/** What the suite needs of a backend. The default export of a module, so that child processes can load it too. */
export interface Backend {
  readonly name: string
  readonly version: string
  readonly claims: Claims
  /** Which of the nine it brings; default all. With it, `open` may leave out the others, `init`, `close` and the rest. */
  readonly protocols?: readonly Protocol[]
  /** Opens a handle. May be called many times: a second handle, in any process, sees what the first one committed. */
  open(namespace: string, options?: HandleOptions): PartialHandle | Promise<PartialHandle>
  /** The deadline of the calls on its handles where `open` is given none; default 5 000. */
  readonly operationTimeoutMs?: number
  /** Removes everything of a namespace; opening it again finds it empty. */
  destroy(namespace: string): Promise<void>
  /** Facts that could change the verdict: versions, durability settings. */
  describe?(): Promise<Readonly<Record<string, string>>>
  /**
   * Holds the store of a namespace up, so that writes are taken and do not end (a server that is stopped, a lock that
   * is held), until the function is called that it answers with. Without it what happens then is not measured.
   */
  stall?(namespace: string): Promise<() => void | Promise<void>>
  /** For the capability `join`: opens a transaction on the store of a namespace, as an application would. */
  openTransaction?(namespace: string): Promise<ApplicationTransaction>
  /** By scenario id. */
  readonly deviations?: Readonly<Record<string, Deviation>>
}

/** The default export of a backend's module. */
export function defineBackend(backend: Backend): Backend {
  return backend
}
