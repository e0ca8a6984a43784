import { hash } from 'node:crypto'

/** Beyond this many a transaction takes the whole namespace: the server's table of locks is small, and everybody's. */
const MOST_KEYS = 256

/** Names of what is locked, as the numbers of the server's advisory locks. All clients of a namespace must agree on them. */
export class LockNames {
  readonly #prefix: string
  /** Shared by every transaction that locks names, taken alone by those that lock too many. */
  readonly everything: bigint
  /** Held by whoever appends events, so that `seq` rises in the order of commits. */
  readonly audit: bigint
  /** Held by whoever creates, migrates, empties or drops the tables. */
  readonly schema: bigint

  constructor(namespace: string) {
    this.#prefix = `dir-storage:${namespace}:`
    this.everything = this.key('*')
    this.audit = this.key('*audit')
    this.schema = this.key('*schema')
  }

  key(name: string): bigint {
    return hash('sha256', this.#prefix + name, 'buffer').readBigInt64BE()
  }

  /** The locks for `keys`, in the one order in which everybody takes them. */
  plan(keys: Iterable<bigint>): LockPlan {
    const sorted = [...new Set(keys)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    return new LockPlan(this.everything, sorted)
  }
}

export class LockPlan {
  readonly #everything: bigint
  readonly keys: readonly bigint[]

  constructor(everything: bigint, keys: readonly bigint[]) {
    this.#everything = everything
    this.keys = keys
  }

  /** It takes the whole namespace. */
  get isWhole(): boolean {
    return this.keys.length > MOST_KEYS
  }

  /** Waits for all of them, one after the other. Keys are numbers that we computed, so they may stand in the text. */
  get waitSql(): string {
    if (this.isWhole) return /* sql */ `SELECT pg_advisory_xact_lock(${this.#everything})`
    return /* sql */ `SELECT pg_advisory_xact_lock_shared(${this.#everything});
      SELECT pg_advisory_xact_lock(k) FROM unnest(${this.#list}) AS k`
  }

  /** Takes those that are free, and answers for each whether it was. */
  get trySql(): string {
    if (this.isWhole) return /* sql */ `SELECT pg_try_advisory_xact_lock(${this.#everything})::TEXT AS free`
    return /* sql */ `SELECT pg_try_advisory_xact_lock_shared(${this.#everything})::TEXT AS free
      UNION ALL SELECT pg_try_advisory_xact_lock(k)::TEXT FROM unnest(${this.#list}) AS k`
  }

  /** The keys that `trySql` did not get, by its answers. */
  denied(answers: readonly boolean[]): ReadonlySet<bigint> {
    if (answers[0] !== true) return new Set(this.keys)
    return this.isWhole ? new Set() : new Set(this.keys.filter((_, index) => answers[index + 1] !== true))
  }

  get #list(): string {
    return `'{${this.keys.join(',')}}'::BIGINT[]`
  }
}
