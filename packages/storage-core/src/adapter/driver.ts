import type { Call, Work } from './call.ts'
import type { Capability } from '../rules/capabilities.ts'
import type { Counters } from '../protocols/record-rules.ts'

/**
 * What an adapter is, to core: it gets calls whose arguments are checked, and answers with raw rows. Core adds
 * everything that is the same for all backends: validation, parsing, `init` on first use, `atomically`'s recording,
 * export, import and the closed state.
 */
export interface StorageDriver {
  /** Such as `sqlite`. */
  readonly backend: string
  /** The namespace that it works in, for those who listen to its calls. */
  readonly namespace?: string | undefined
  readonly capabilities: ReadonlySet<Capability>
  /** Creates or migrates the schema; safe from many processes at once. With `create` false it only checks. */
  init(create: boolean): Promise<void>
  /** Answers one read, after every earlier write that it must see. */
  read(call: Call): Promise<unknown>
  /** Commits the calls together and answers each, in order. Nothing is acknowledged before it is durable. */
  write(work: Work): Promise<readonly unknown[]>
  health(): Promise<Readonly<Record<string, string | number | boolean>>>
  /** Flushes what is queued, for at most `graceMs`, and frees everything that was opened. */
  close(graceMs: number): Promise<void>
  /**
   * Calls `changed` whenever events may have been appended, by whomever, until it is stopped. It need not be exact, and has
   * to be on its own feet: it connects anew where its connection breaks. Without it, or while it is not live, those who
   * follow the log ask for new events every 50 ms.
   */
  watch?(changed: () => void): Watching
  /** Needed for the capability `export`. */
  readonly transfer?: DriverTransfer
  /**
   * Needed for the capability `join`: what carries calls out on `client`. Throws `InvalidArgumentError` where that is no
   * client of this backend. Whether it leads to this store, and a transaction is open, calls find out at the latest.
   */
  join?(client: object): JoinedTransaction | undefined
}

export interface Watching {
  /** Changes are told now. */
  readonly isLive: boolean
  /** Frees what it uses; nothing is told any more. */
  readonly stop: () => void
}

/** Carries calls out, one at a time, inside a transaction that the application has open. */
export interface JoinedTransaction {
  /** Answers one read, as the transaction sees it. */
  readonly read: (call: Call) => Promise<unknown>
  /** Writes the calls together and answers each, in order. What is refused leaves nothing, and the transaction usable. */
  readonly write: (work: Work) => Promise<readonly unknown[]>
}

export interface DriverTransfer {
  /** The highest `seq` and fence ever issued. */
  counters(): Promise<Counters>
  /**
   * Marks the store with this import's ticket, so that `init` elsewhere and other writes reject with `ConflictError`.
   * The mark of an interrupted import is replaced, and whatever that left is removed, here or by `clear`; a store that holds
   * anything else rejects with `ConflictError`. With `create` false, a schema that is missing is not made.
   */
  begin(ticket: number, create: boolean): Promise<void>
  /**
   * Where the removal of what an interrupted import left would take the longer the more there is: removes a part of it,
   * only while the store has this ticket; see `importTakenOver`. Called after `begin` until it answers that nothing is left.
   *
   * @returns whether there may be more.
   */
  clear?(ticket: number): Promise<boolean>
  /**
   * Sets the counters and takes the mark away, in one step and only while it has this ticket; see `importTakenOver`.
   * Called again with the ticket that it ended last, it has nothing to do.
   */
  finish(ticket: number, counters: Counters): Promise<void>
}
