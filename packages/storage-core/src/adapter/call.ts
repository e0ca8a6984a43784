import type { Operations, Protocol } from '../protocols/index.ts'
import type { Answer, Arguments, Name } from '../protocols/protocol.ts'
import type { CallMessage, Draft } from './messages.ts'

interface Common {
  /** The public method behind it, for error messages. */
  readonly method: string
  /** The records that it names, for the order of calls on one handle. */
  readonly ids: readonly string[]
  /** It asks for a list or a sum, and so concerns the protocol's other records too. */
  readonly concernsAll: boolean
  /** When its caller must have an answer, on the clock of `performance.now()`. */
  readonly deadline: number
  /** What those are told who listen to the public call behind it; undefined: nobody does. */
  readonly trace?: Draft<CallMessage> | undefined
}

type CallOf<P extends Protocol> = {
  readonly [O in Name<Operations[P]>]: Common & {
    readonly protocol: P
    readonly operation: O
    readonly args: Arguments<Operations[P], O>
  }
}[Name<Operations[P]>]

/**
 * One operation of one protocol as an adapter gets it: arguments checked and copied, units normalised. `operation` is
 * a key of the protocol's `…Operations`, which say what `args` are.
 */
export type Call<P extends Protocol = Protocol> = { readonly [K in P]: CallOf<K> }[P]

/** Writes that commit together or not at all: one call, or what `atomically` recorded. */
export interface Work {
  readonly calls: readonly Call[]
  /** Recorded by `atomically`: conditions are judged before anything is written, and a false one rejects the whole. */
  readonly atomic: boolean
  /** About what it takes in memory, for the bound of a write queue. */
  readonly bytes: number
  /** What the adapter's `prepare` has made of it, if it keeps that. */
  prepared?: unknown
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

/** The operation that a call names, in a table of all protocols' operations. */
export function operationOf<Operation>(
  operations: { readonly [P in Protocol]?: object },
  { protocol, operation }: Pick<Call, 'protocol' | 'operation'>,
): Operation {
  return Reflect.get(operations[protocol] ?? {}, operation) as Operation
}
