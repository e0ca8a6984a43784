import type { Protocol } from '@dir/storage-core'
import type { Call, Implementation, Page } from '@dir/storage-core/adapter'
import type { PgSession, PgTransaction } from './session.ts'

/** What one protocol is on this backend. Reads are statements of their own; writes are parts of one server function. */
export interface PgProtocol<Reads, Writes, Item> {
  readonly reads: Implementation<Reads, PgSession>
  readonly writes: ServerWrites<Writes>
  readonly exportPage: (db: PgSession, cursor: string | null) => Promise<Page<Item>>
  readonly importPage: (db: PgTransaction, items: readonly Item[]) => Promise<void>
}

type Write = (...args: never[]) => unknown

export type ServerWrites<Writes> = {
  readonly [O in keyof Writes]: Writes[O] extends Write ? ServerWrite<Writes[O]> : never
}

/**
 * How a write is judged and carried out on the server, by the function of `commit-function.ts`: for any number of calls
 * in one statement, where no two of them concern the same record. There, `moment` is when the locks were had.
 */
export interface ServerWrite<W extends Write> {
  /** Statements before that query. */
  readonly beforeJudge?: string
  /** A query of `w`, `c` and why (null: its condition finds nothing) for each of the calls that must be refused. */
  readonly judge?: string
  /** Statements that write what was judged. `told` is set to an array of `[w, c, …answer]` where calls have answers. */
  readonly write?: string
  /** What the server gets for the arguments, after these calls of the same batch; default as they are. */
  readonly toArgs?: (args: Parameters<W>, earlier: readonly Call[]) => readonly unknown[]
  /** The answer of what was told; default true where there is a condition, else nothing. */
  readonly toAnswer?: (told: readonly unknown[], args: Parameters<W>) => ReturnType<W>
  /** The error for a call that was refused. */
  readonly toRefusal?: (why: Why, args: Parameters<W>) => Error
  /** What it locks; default a key of the protocol for each id of the call. */
  readonly locks?: (args: Parameters<W>) => Partial<Locks>
}

export type AnyWrite = ServerWrite<Write>

/** The calls that a statement of `ServerWrite` is for: the place of the work and of the call in it, and the arguments. */
export const GIVEN = /* sql */ `(
  SELECT (value->>0)::INTEGER AS w, (value->>1)::INTEGER AS c, value->2 AS a FROM jsonb_array_elements(calls)
) AS given`

/** Those calls of which `stood`, a query, does not tell that what stands there is `own`. */
export const isNotOwn = (stood: string): string => /* sql */ `SELECT w, c, jsonb_build_object('found', stood)
  FROM (SELECT w, c, (${stood}) AS stood FROM ${GIVEN} OFFSET 0) AS judged WHERE stood IS DISTINCT FROM 'own'`

/** Sets `ids` to the first arguments of the calls, and `by_id` to all arguments by them. */
export const BY_ID = /* sql */ `
  by_id := (SELECT jsonb_object_agg(a->>0, a) FROM ${GIVEN});
  ids := ARRAY(SELECT jsonb_object_keys(by_id));`

/** Why the server refused a call, in the words of the protocol's part of the function. */
export interface Why {
  readonly [about: string]: unknown
  /** It counts only where no other call of the batch is refused. */
  readonly last?: boolean
  /** Its condition does not hold: what stands there instead. */
  readonly found?: string | null
}

export interface Locks {
  /** Names of records. */
  readonly records: readonly string[]
  /** Resources whose holds change. */
  readonly resources: readonly string[]
  /** Flows that may change all of their holds, so that the resources of those are locked too. */
  readonly flows: readonly string[]
  /** Whether it appends events. */
  readonly appends: boolean
}

const NONE: Locks = { records: [], resources: [], flows: [], appends: false }

/** What `call` locks. */
export function locksOf(write: ServerWrite<Write>, { protocol, ids, args }: Call): Locks {
  if (write.locks !== undefined) return { ...NONE, ...write.locks(args as never) }
  return { ...NONE, records: ids.map((id) => `${protocol}:${id}`) }
}

/** Protocols with lists in the order of insertion: none of their writes may overtake another. */
export const ORDERED: ReadonlySet<Protocol> = new Set(['decisionAudit', 'saga', 'escalation', 'lifecycle'])
