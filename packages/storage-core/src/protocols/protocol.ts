// The words in which a protocol is described, once: its types, its methods, its records and what a batch takes of it.
import type { Capability } from '../rules/capabilities.ts'
import type { Exported } from './record-rules.ts'
import type { FieldRule, RecordRules } from '../rules/fields.ts'
import type { Prunes } from './pruning.ts'
import type { Numbers } from '../rules/stored.ts'

type StoredRecord = Exported & { readonly type: string }

/** The types of one protocol. */
export interface ProtocolTypes<
  Storage = object,
  Reads = object,
  Writes = object,
  Stored = StoredRecord,
  Conditions = object,
> {
  /** What a user calls. */
  readonly storage: Storage
  /** What an adapter reads. */
  readonly reads: Reads
  /** What an adapter judges and writes. */
  readonly writes: Writes
  /** The canonical form of its records. */
  readonly record: Stored
  /** What a batch can ask for beside the protocol's own methods. */
  readonly conditions: Conditions
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

/** What an adapter implements of a protocol. */
export type OperationsOf<T extends ProtocolTypes> = T['reads'] & T['writes'] & Transfer<T['record']>

export type Name<Operations> = keyof Operations & string
export type Arguments<Operations, O extends keyof Operations> = Operations[O] extends (
  ...args: infer A
) => unknown
  ? A
  : never
export type Answer<Operations, O extends keyof Operations> = Operations[O] extends (
  ...args: never[]
) => infer R
  ? R
  : never

type Run<Operations> = <O extends Name<Operations>>(
  operation: O,
  ids: readonly string[],
  ...args: Arguments<Operations, O>
) => Promise<Answer<Operations, O>>

/** What somebody who follows the log waits for. */
export interface Changes {
  /** Resolves at the next change after it is called, or a little later where changes are not told. */
  readonly next: () => Promise<void>
  /** Lets all who wait look at once. */
  readonly wake: () => void
  /** Nobody waits here any more. */
  readonly stop: () => void
}

/** How a protocol's public methods reach the adapter: on a handle they run it, in a batch they record it. */
export interface Runner<Operations> {
  /** The largest JSON of one record, in bytes. */
  readonly maxValueBytes: number
  /** How stored JSON is parsed for whoever called. */
  readonly numbers: Numbers
  /** Throws `UnsupportedError` unless the backend claims `capability`. */
  readonly needs: (capability: Capability) => void
  readonly read: Run<Operations>
  /** `read`, for a list or a sum: it also sees the earlier writes to records that it does not name. */
  readonly readAll: Run<Operations>
  readonly write: Run<Operations>
  /** As `write`, waiting at most `waitMs` for another holder's exclusive access. */
  readonly writeWithin: <O extends Name<Operations>>(
    waitMs: number,
    ...call: [operation: O, ids: readonly string[], ...args: Arguments<Operations, O>]
  ) => Promise<Answer<Operations, O>>
  /** For who follows the log of events; throws inside a transaction of the application's, which nobody can follow. */
  readonly changes: () => Changes
}

/**
 * Public methods on top of a protocol's operations: each checks and copies its arguments before anything is awaited,
 * throws at once if they are wrong, and shapes the adapter's answer.
 */
type Methods<Storage, T extends ProtocolTypes> = (run: Runner<OperationsOf<T>>) => Omit<Storage, 'initSchema'>

type Judged<Conditions> = {
  readonly [C in keyof Conditions]: Conditions[C] extends (...args: infer A) => void
    ? (...args: A) => Promise<boolean>
    : never
}

type MethodName<T extends ProtocolTypes> = Exclude<keyof T['storage'] & string, 'initSchema'>

interface Description<T extends ProtocolTypes, B extends MethodName<T>> {
  readonly methods: Methods<T['storage'], T>
  /** Those of them that answer with an iterable rather than a promise. */
  readonly iterables?: readonly MethodName<T>[]
  /** Those that a batch takes: every write except those whose answer decides what comes next. */
  readonly batch: readonly B[]
  /** What a batch can ask for beside them. */
  readonly conditions?: Methods<Judged<T['conditions']>, T>
  /** Whether it has `initSchema`, as in the original. */
  readonly hasInitSchema: 'initSchema' extends keyof T['storage'] ? true : false
  /** The capabilities that concern it alone, each with a method that shows it. */
  readonly capabilities?: { readonly [C in Capability]?: MethodName<T> }
  /** What it removes for `prune`; default nothing. */
  readonly prunes?: Prunes
  /** The rules of each type of its records. */
  readonly records: { readonly [K in T['record']['type']]: RecordRules<T['record'] & { readonly type: K }> }
  /** By which fields the canonical order has a type of them; those that are not named keep the order of insertion. */
  readonly sortedBy?: {
    readonly [K in T['record']['type']]?: readonly (keyof (T['record'] & { readonly type: K }) & string)[]
  }
  /** What two fields of a record say that cannot both be so; null: nothing. */
  readonly contradiction?: (record: T['record']) => string | null
}

type AnyRun = (...call: [operation: string, ids: readonly string[], ...args: unknown[]]) => Promise<unknown>

/** A runner, to whoever makes one for any protocol. */
export interface AnyRunner extends Pick<Runner<unknown>, 'maxValueBytes' | 'numbers' | 'needs' | 'changes'> {
  readonly read: AnyRun
  readonly readAll: AnyRun
  readonly write: AnyRun
  readonly writeWithin: (waitMs: number, ...call: Parameters<AnyRun>) => Promise<unknown>
}

export type AnyMethods = Readonly<
  Record<string, (...args: unknown[]) => Promise<unknown> | AsyncIterable<unknown>>
>

/** A protocol as the rest of core sees it, which treats all alike. */
export interface ProtocolDefinition<T extends ProtocolTypes = ProtocolTypes, B extends string = string> {
  /** Never there: it carries the types. */
  readonly types?: T
  readonly methods: (run: AnyRunner) => AnyMethods
  readonly conditions?: (run: AnyRunner) => AnyMethods
  readonly iterables?: readonly string[]
  readonly batch: readonly B[]
  readonly hasInitSchema: boolean
  readonly capabilities?: { readonly [C in Capability]?: string }
  readonly prunes?: Prunes
  readonly records: Readonly<Record<string, Readonly<Record<string, FieldRule>>>>
  readonly sortedBy?: Readonly<Record<string, readonly string[]>>
  readonly contradiction?: (record: object) => string | null
}

/** Describes a protocol of these types. */
export function protocol<
  Storage extends object,
  Reads extends object,
  Writes extends object,
  Stored extends StoredRecord,
  Conditions extends object = object,
>() {
  type T = ProtocolTypes<Storage, Reads, Writes, Stored, Conditions>
  return <const B extends MethodName<T>>(description: Description<T, B>): ProtocolDefinition<T, B> =>
    description as unknown as ProtocolDefinition<T, B>
}
