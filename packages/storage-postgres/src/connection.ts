import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError, isStorageError } from '@dir/storage-core'
import { outcomeOf } from './errors.ts'
import { Failure, LocksDenied, outcomeAfter, unknownBefore } from './failure.ts'
import type { PgPool } from './pool.ts'
import type { PgSession, PgTransaction, Row, SqlValue } from './session.ts'
import { type TransactionOptions, transact } from './transaction.ts'
import {
  WrongConnection,
  codeOf,
  isDamage,
  isDisconnection,
  isReadOnly,
  isRefusal,
  isTimeout,
  isTransient,
  tooLate,
  WRONG_ISOLATION,
} from './wire.ts'

const MOST_READS = 3
const LONGEST_PAUSE_MS = 250
/** Of the time that is left, how much a commit waits for its answer before it is asked for again by another connection. */
const PATIENCE = 0.6

/**
 * How a call may be repeated: a read is a few times; a transaction is where the server undid it; a commit always, because
 * the server knows it by its number.
 */
type Kind = 'read' | 'transaction' | 'commit'

/** The server, as one handle uses it. */
export class PgConnection {
  readonly pool: PgPool
  readonly schema: string
  readonly timeoutMs: number
  /** The server would acknowledge a commit before it is on its disk, and is told otherwise each time. */
  makeDurable = false
  /** What told that the server's data are damaged; nothing more is written. */
  #damage: unknown = null
  /** Statements by themselves run at this level; else each needs a transaction that says so. */
  #isReadCommitted = true

  constructor(pool: PgPool, namespace: string, timeoutMs: number) {
    this.pool = pool
    this.schema = `"${namespace}".`
    this.timeoutMs = timeoutMs
  }

  /** Each statement by itself, on whichever connection is free. */
  session(callDeadline: number): PgSession {
    const deadline = callDeadline - this.earlyMs
    return {
      schema: this.schema,
      read: (sql, ...values) =>
        this.#persist(
          deadline,
          'read',
          async () => (await this.#alone(deadline, onPrimary(sql), values)) ?? [],
        ),
    }
  }

  /**
   * Runs a statement that the server carries out once, however often it arrives, and commits. Its answer is asked for
   * until the deadline; where it fails nevertheless, the outcome is that of all sendings. `toValues` is told whether an
   * earlier sending may still arrive; `sending` is asked when there is a connection. Null: it forbade to send.
   */
  commit(
    callDeadline: number,
    sql: string,
    toValues: (isRepeated: boolean) => readonly SqlValue[],
    sending: () => boolean,
  ): Promise<Row[] | null> {
    const deadline = callDeadline - this.earlyMs
    return this.#persist(deadline, 'commit', async (isUnknown) => {
      const values = toValues(isUnknown)
      const maySend = isUnknown ? () => true : sending
      const now = performance.now()
      const end = Math.min(deadline, now + Math.max(100, PATIENCE * Math.min(deadline - now, this.timeoutMs)))
      if (this.#isReadCommitted) {
        try {
          return await this.#alone(end, sql, values, maySend)
        } catch (error) {
          if (codeOf(error) !== WRONG_ISOLATION) throw error
          this.#isReadCommitted = false
        }
      }
      if (!maySend()) return null
      return transact(this, { deadline: end, lock: null }, (db) => db.read(sql, ...values))
    })
  }

  /** Runs `act` in one READ COMMITTED transaction, again if the server undid it because of others. */
  transaction<T>(options: TransactionOptions, act: (db: PgTransaction) => Promise<T>): Promise<T> {
    const deadline = options.deadline - this.earlyMs
    return this.#persist(deadline, 'transaction', () => transact(this, { ...options, deadline }, act))
  }

  /** A write asks `sending` first, and is null where that forbids it. */
  async #alone(
    deadline: number,
    sql: string,
    values: readonly SqlValue[],
    sending?: () => boolean,
  ): Promise<Row[] | null> {
    const lease = await this.pool.lend(deadline)
    try {
      const rows = sending?.() === false ? null : await lease.query(deadline, sql, values)
      this.pool.giveBack(lease, true)
      return rows
    } catch (error) {
      const isElsewhere = isReadOnly(error) || (sending === undefined && codeOf(error) === ON_STANDBY)
      this.pool.giveBack(lease, isRefusal(error) && !isElsewhere)
      throw isElsewhere ? new WrongConnection(error, true) : error
    }
  }

  /** How long before a caller's deadline it is still known how far the call got. */
  get earlyMs(): number {
    return Math.min(25, this.timeoutMs * 0.02)
  }

  /** Tries again what may be tried again, while there is time. */
  async #persist<T>(deadline: number, kind: Kind, act: (isUnknown: boolean) => Promise<T>): Promise<T> {
    const start = performance.now()
    let before: unknown = null
    let slowest = 0
    /** After which it was not known any more whether it was carried out. */
    let unknown: unknown = null
    for (let attempts = 1; ; attempts++) {
      if (this.#damage !== null && kind !== 'read') throw new Failure(this.#damage, 'not-applied')
      const began = performance.now()
      try {
        if (kind === 'commit' && began >= deadline) throw new Failure(tooLate(), 'not-applied')
        return await act(unknown !== null)
      } catch (error) {
        slowest = Math.max(slowest, performance.now() - began)
        const cause = error instanceof Failure ? error.cause : error
        if (kind !== 'read' && outcomeAfter(error) === 'unknown') unknown ??= error
        const isUnknown = unknown !== null
        if (isDamage(cause)) this.#damage = cause
        if (this.pool.isClosed) throw new ClosedError({ outcome: isUnknown ? 'unknown' : 'not-applied' })
        if (error instanceof LocksDenied || isStorageError(error))
          throw isUnknown ? unknownBefore(error) : error
        if (cause instanceof WrongConnection && cause.isElsewhere) this.pool.giveUp()
        const pause = 5 + Math.random() * Math.min(LONGEST_PAUSE_MS, 30 * 1.5 ** attempts)
        const mayRepeat =
          kind === 'commit'
            ? isTransient(cause) || cause instanceof WrongConnection || this.#isLost(error, isUnknown)
            : !(error instanceof Failure) &&
              (isTransient(error) ||
                error instanceof WrongConnection ||
                (kind === 'read' && isDisconnection(error) && attempts < MOST_READS))
        // a sending that is late is worse than none, unless it can be asked for: of that, less is known
        const needed = pause + (kind === 'commit' && isUnknown ? 10 : 2 * this.earlyMs + 1.5 * slowest)
        if (mayRepeat && performance.now() + needed < deadline) {
          before = error
          await sleep(pause)
          continue
        }
        // where only the time ran out, the reason is why it was tried again
        const isLate =
          error instanceof Failure &&
          error.outcome === 'not-applied' &&
          (error.isConnecting || error.isTimeout)
        const reason = unknown ?? (isLate ? (before ?? error) : error)
        const failure =
          reason instanceof Failure
            ? reason
            : new Failure(reason, kind === 'read' ? 'not-applied' : outcomeOf(reason))
        throw (isUnknown ? failure.as('unknown') : failure).after(attempts, performance.now() - start)
      }
    }
  }

  /** A commit's answer did not come, or there is no way to ask for it now. */
  #isLost(error: unknown, isUnknown: boolean): boolean {
    if (error instanceof Failure) return isUnknown && error.isConnecting
    return isDisconnection(error) || (isTimeout(error) && outcomeOf(error) === 'unknown')
  }
}

/** What `onPrimary` makes a standby answer: a division by zero, which nothing else here can meet. */
const ON_STANDBY = '22012'

/**
 * The same query, refused by a standby: that may not have what was acknowledged yet. Asked each time, because a pooler
 * may have been led to another server meanwhile; it costs a few microseconds, and no way there and back.
 */
function onPrimary(sql: string): string {
  return /* sql */ `SELECT * FROM (${sql}) AS answer WHERE 1 / (SELECT (NOT pg_is_in_recovery())::INTEGER) = 1`
}
