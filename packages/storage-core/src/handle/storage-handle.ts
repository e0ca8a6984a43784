import type { AnswersOf, Batch, Recorded } from './batch.ts'
import type { StorageBundle, StorageRecord } from '../protocols/index.ts'
import type { PruneOptions, PruneSummary } from './prune-options.ts'
import type { Capability } from '../rules/capabilities.ts'

/** What `health()` found. */
export interface Health {
  readonly ok: boolean
  readonly backend: string
  /**
   * The backend's own facts: versions, durability settings, what lowers its claims. Those that several backends have go by
   * the same names: `schemaVersion`; `clock`, the server's, an instant; `user`, and `missingRights`, what it may not do and
   * should; `missingIndexes`; `raisedNumbers`, those that stood behind what is stored when the handle opened, as some
   * restores leave them, and were raised. The last three are lists with commas, empty where all is well.
   */
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

export interface CloseOptions {
  /** How long to wait for effects of `runOnce` that are under way, in milliseconds; default 5 000, and 0 is not at all. */
  readonly drainMs?: number
}

/** The nine, with what concerns several of them at once. */
export interface JoinedStorage extends StorageBundle {
  /** The backend's name, such as `sqlite`. */
  readonly backend: string
  readonly capabilities: ReadonlySet<Capability>
  /**
   * Commits what is recorded on `batch`, all of it or nothing. The callback is synchronous; a throw sends nothing.
   * Whatever answers alone whether it applied (`complete`, `abandon`, `transition`, `compareAndSet…`, `updateStatus`,
   * `resolveRequest`, `renew`, `renewClaim`) is a condition here, as are acquire and `expect…`. All are judged on the state before the
   * batch, not on what it writes earlier, and a false one rejects it: `InsufficientCapacityError`, `InvalidArgumentError`,
   * else `ConflictError` naming the operation, its position and what stood there instead. At most 1 000 operations and one acquire.
   * @returns the answers of those operations of which the callback returns a list; else of all, in the order recorded.
   */
  atomically<const Returned extends readonly Recorded<unknown>[]>(
    record: (batch: Batch) => Returned,
  ): Promise<AnswersOf<Returned>>
  atomically(record: (batch: Batch) => void): Promise<unknown[]>
}

/** A bundle over one backend, or over several (`mixStorage`), with what concerns the whole of it. */
export interface StorageHandle extends JoinedStorage, AsyncDisposable {
  /** Creates or migrates the schema; may run twice and from many processes at once. A call made before runs it first. */
  init(): Promise<void>
  /**
   * Refuses new calls at once, waits for the effects of `runOnce` under way that have called this handle, for `drainMs` at
   * most, then up to five seconds for calls under way, and frees everything it opened. While it waits for effects it goes
   * on answering what is called in their course: what `fn` calls itself (but an import), and what `runOnce` calls to renew
   * and end the claim. An effect that takes longer is not ended; its claim can no longer be, and `runOnce` says so.
   * Called in the course of an effect, it does not wait for that one.
   *
   * What still waits then rejects with `ClosedError`; a write that the store has has the outcome `unknown`. A second call
   * returns the first promise.
   */
  close(options?: CloseOptions): Promise<void>
  /** Asks the backend how it is; rejects only when the handle is closed. */
  health(): Promise<Health>
  /**
   * The nine, inside a transaction that you have open on `client`: a `pg` client or what Kysely, Drizzle or TypeORM hand
   * out as a transaction, a better-sqlite3 `Database` that has the same file open, a MongoDB `ClientSession`. What is
   * called on it takes effect when you commit, together with your own rows, and leaves nothing if you roll back. It sees
   * what the transaction wrote, and what it judged holds until the end. A refusal undoes only itself.
   *
   * What is acknowledged is as durable as your commit. Until that, the records that were written, the resources and,
   * after an event, the whole log of events are kept from everybody else, so that no `seq` and no fence comes out of order:
   * others wait, and are refused at their deadline. So commit soon; and await each call before you do.
   * Call `init()` before the transaction. Where none is open, or the client leads to another store, calls reject with
   * `InvalidArgumentError`; where others are in the way, with `ResourceContentionError`: roll back, and run it again. After
   * any other failure that is no refusal, roll back too.
   * @throws InvalidArgumentError at once for what is no client.
   * @throws UnsupportedError where `capabilities` lack `join`, as on Redis, and on a mix of several backends.
   */
  within(client: object): JoinedStorage
  /**
   * Every record of every protocol in the canonical form, type by type; exact when nobody writes meanwhile. Records that
   * have a key come in an order of the backend's own; `CANONICAL_ORDER` tells the one that is the same on all.
   */
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
  /**
   * Removes old flows that are over, each whole and in one step: its events, transitions, session, results, request and
   * retry count. Over and old is a flow that is in one of the `terminal` statuses since before `before`, and of which nothing
   * is newer or open: it holds no resource, waits for no human, is not marked as dirty, every claim that was made for it has
   * a result (which is older than `keepResultsSec` too), its request was resolved and all its events were written before
   * `before`. A flow that lacks any of this stays whole, and so does the one that has the log's last event.
   *
   * Of a request, the `resolvedAt` that its decider gave counts; sessions and retry counts go whatever their age.
   *
   * Results and budget tokens that are of no flow go by their age. A result is of a flow if that was named when it was claimed
   * (`dfid`); what `set`, `setIfAbsent`, `AuditStore` or an older version of this package stored is of none, and so goes
   * after `keepResultsSec` even while its flow is open. Unfinished claims, agents, their states, and everything of flows
   * without a transition stay.
   *
   * In a log that was sealed, an event of the flow `dir:audit-seals` says in the same step which events go; that flow stays.
   *
   * `seq` and fences never come back. What is removed is gone for followers who have not read it. An event or a claim that
   * comes while its flow is being removed counts as later, and stays. It may be stopped at any time, by a signal or a crash,
   * and be run again; a flow that moves meanwhile stays. A mix asks all of its backends about a flow, removes it where its
   * status is, if that has not changed, and then elsewhere; after a crash in between, what is elsewhere is of no flow, and stays.
   * A flow that cannot be removed in time is passed over, and the error comes at the end; at once where one fails after the other.
   * @returns how much was removed; with `dryRun`, how much would be. An error that comes after something was removed has the
   * outcome `unknown`.
   * @throws InvalidArgumentError for a `before` in the future.
   * @throws UnsupportedError where `capabilities` lack `prune`.
   */
  prune(options: PruneOptions): Promise<PruneSummary>
}
