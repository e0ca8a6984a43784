import type { Capability } from '../rules/capabilities.ts'
import type { Protocol } from '../protocols/bundle.ts'

/** One operation of one protocol as an adapter gets it: arguments checked and copied, units normalised. */
export interface Call {
  readonly protocol: Protocol
  /** The public method behind it, for error messages. */
  readonly method: string
  /** A key of the protocol's `…Operations` interface, which says what `args` are. */
  readonly operation: string
  readonly args: readonly unknown[]
  /** The records that it names, for the order of calls on one handle. */
  readonly ids: readonly string[]
  /** It asks for a list or a sum, and so concerns the protocol's other records too. */
  readonly whole: boolean
  /** When its caller must have an answer, on the clock of `performance.now()`. */
  readonly deadline: number
}

/** Writes that commit together or not at all: one call, or what `atomically` recorded. */
export interface Work {
  readonly calls: readonly Call[]
  /** Recorded by `atomically`: conditions are judged before anything is written, and a false one rejects the whole. */
  readonly atomic: boolean
  /** About what it takes in memory, for the bound of a write queue. */
  readonly bytes: number
  /** As for a call. */
  readonly deadline: number
  /** Until when it may wait for another holder's exclusive access; later than that, an acquire is refused. Null: no acquire in it. */
  readonly accessDeadline: number | null
  /**
   * Only for a page of an import: the ticket of that import. In one step with the write it must be the store's mark,
   * else another import has begun, and the page rejects with `importTakenOver()`.
   */
  readonly importTicket?: number
}

type Name<Operations> = keyof Operations & string
type Arguments<Operations, O extends keyof Operations> = Operations[O] extends (...args: infer A) => unknown
  ? A
  : never
export type Answer<Operations, O extends keyof Operations> = Operations[O] extends (
  ...args: never[]
) => infer R
  ? R
  : never

/** How a protocol's public methods reach the adapter: on a handle they run it, in a batch they record it. */
export interface Runner<Operations> {
  /** The largest JSON of one record, in bytes. */
  readonly maxValueBytes: number
  /** Throws `UnsupportedError` unless the backend claims `capability`. */
  needs(capability: Capability): void
  read<O extends Name<Operations>>(
    operation: O,
    ids: readonly string[],
    ...args: Arguments<Operations, O>
  ): Promise<Answer<Operations, O>>
  /** `read`, for a list or a sum: it also sees the earlier writes to records that it does not name. */
  readWhole<O extends Name<Operations>>(
    operation: O,
    ids: readonly string[],
    ...args: Arguments<Operations, O>
  ): Promise<Answer<Operations, O>>
  write<O extends Name<Operations>>(
    operation: O,
    ids: readonly string[],
    ...args: Arguments<Operations, O>
  ): Promise<Answer<Operations, O>>
  /** As `write`, waiting at most `waitMs` for another holder's exclusive access. */
  writeWithin<O extends Name<Operations>>(
    waitMs: number,
    operation: O,
    ids: readonly string[],
    ...args: Arguments<Operations, O>
  ): Promise<Answer<Operations, O>>
}

/**
 * A protocol's public methods on top of its operations: each checks and copies its arguments before anything
 * is awaited, throws at once if they are wrong, and shapes the adapter's answer.
 */
export type Methods<Storage, Operations> = (run: Runner<Operations>) => Omit<Storage, 'initSchema'>

/** What an adapter writes for one protocol: its operations, each with the adapter's own context before the arguments. */
export type Implementation<Operations, Context> = {
  readonly [O in keyof Operations]: (
    context: Context,
    ...args: Arguments<Operations, O>
  ) => Answer<Operations, O> | Promise<Answer<Operations, O>>
}

/** `Implementation` for adapters whose store answers synchronously. */
export type SyncImplementation<Operations, Context> = {
  readonly [O in keyof Operations]: (
    context: Context,
    ...args: Arguments<Operations, O>
  ) => Answer<Operations, O>
}

/** One page of an export; `next` is handed back for the following one, null after the last. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** How one protocol's records leave and enter a store. Every protocol has it. */
export interface Transfer<Item> {
  /** The records after `cursor` (null: from the start) in the canonical order, at most about 500. */
  exportPage(cursor: string | null): Page<Item>
  /** Writes records as they are, times and numbers kept, over whatever of theirs is there. */
  importPage(items: readonly Item[]): void
}
