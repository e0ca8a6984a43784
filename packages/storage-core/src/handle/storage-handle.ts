import type { Batch } from './batch.ts'
import type { StorageBundle, StorageRecord } from '../protocols/index.ts'
import type { Capability } from '../rules/capabilities.ts'

/** What `health()` found. */
export interface Health {
  readonly ok: boolean
  readonly backend: string
  /** The backend's own facts: versions, durability settings, what lowers its claims. */
  readonly details: Readonly<Record<string, string | number | boolean>>
}

export interface ImportOptions {
  /** `skip` leaves out records marked `unfit` and counts them; without it the import rejects at the first. */
  readonly unfit?: 'skip'
}

export interface ImportSummary {
  readonly imported: number
  /** Records left out because they are unfit. */
  readonly skipped: number
}

/** A bundle over one backend, or over several (`mixStorage`), with what concerns the whole of it. */
export interface StorageHandle extends StorageBundle, AsyncDisposable {
  /** The backend's name, such as `sqlite`. */
  readonly backend: string
  readonly capabilities: ReadonlySet<Capability>
  /** Creates or migrates the schema; may run twice and from many processes at once. A call made before runs it first. */
  init(): Promise<void>
  /**
   * Refuses new calls at once, waits up to five seconds for those under way, frees everything it opened. What still waits
   * then rejects with `ClosedError`; a write that the store has has the outcome `unknown`. A second call returns the first promise.
   */
  close(): Promise<void>
  /** Asks the backend how it is; rejects only when the handle is closed. */
  health(): Promise<Health>
  /**
   * Commits what is recorded on `batch`, all of it or nothing. The callback is synchronous; a throw sends nothing.
   * Whatever answers alone whether it applied (`complete`, `abandon`, `transition`, `compareAndSet…`, `updateStatus`,
   * `resolveRequest`, `renew`) is a condition here, as are acquire and `expect…`. All are judged on the state before the
   * batch, not on what it writes earlier, and a false one rejects it: `InsufficientCapacityError`, `InvalidArgumentError`,
   * else `ConflictError` naming the operation. At most 1 000 operations and one acquire.
   * @returns the operations' results, in the order recorded.
   */
  atomically(record: (batch: Batch) => void): Promise<unknown[]>
  /** Every record of every protocol in the canonical form; exact when nobody writes meanwhile. */
  exportRecords(): AsyncIterable<StorageRecord>
  /**
   * Fills an empty namespace, keeping numbers and times, with the records of one whole export: their counters come last
   * and say how many they are, and `seq` rises. What is cut off, doubled or put together from two is refused at the latest
   * at its end. Interrupted or refused, it is run again, from the start of a whole one; until then other writes are refused.
   */
  importRecords(
    records: AsyncIterable<StorageRecord> | Iterable<StorageRecord>,
    options?: ImportOptions,
  ): Promise<ImportSummary>
}
