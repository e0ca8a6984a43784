import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError, isStorageError } from '@dir/storage-core'
import { outcomeOf } from './errors.ts'
import { Failure, LocksDenied, outcomeAfter } from './failure.ts'
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
  isTransient,
} from './wire.ts'

const MOST_READS = 3
const LONGEST_PAUSE_MS = 250

/** The server, as one handle uses it. */
export class PgConnection {
  readonly pool: PgPool
  readonly schema: string
  readonly timeoutMs: number
  /** The server would acknowledge a commit before it is on its disk, and is told otherwise each time. */
  makeDurable = false
  /** What told that the server's data are damaged; nothing more is written. */
  #damage: unknown = null

  constructor(pool: PgPool, namespace: string, timeoutMs: number) {
    this.pool = pool
    this.schema = `"${namespace}".`
    this.timeoutMs = timeoutMs
  }

  /** Each statement by itself, on whichever connection is free. */
  session(callDeadline: number): PgSession {
    const deadline = this.#early(callDeadline)
    return {
      schema: this.schema,
      read: (sql, ...values) =>
        this.#persist(deadline, true, () => this.#alone(deadline, onPrimary(sql), values, true)),
      write: (sql, ...values) => {
        // in the RETURNING list: a statement that changes no row has nothing to keep
        const text = this.makeDurable ? `${sql}, set_config('synchronous_commit', 'on', true)` : sql
        return this.#persist(deadline, false, () => this.#alone(deadline, text, values, false))
      },
    }
  }

  /** Runs `act` in one READ COMMITTED transaction, again if the server undid it because of others. */
  transaction<T>(
    options: TransactionOptions,
    act: (db: PgTransaction, denied: ReadonlySet<bigint>) => Promise<T>,
  ): Promise<T> {
    const deadline = this.#early(options.deadline)
    return this.#persist(deadline, false, () => transact(this, { ...options, deadline }, act))
  }

  async #alone(deadline: number, sql: string, values: readonly SqlValue[], isRead: boolean): Promise<Row[]> {
    const lease = await this.pool.lend(deadline)
    try {
      const rows = await lease.query(deadline, sql, values)
      this.pool.giveBack(lease, true)
      return rows
    } catch (error) {
      const isElsewhere = isReadOnly(error) || (isRead && codeOf(error) === ON_STANDBY)
      this.pool.giveBack(lease, isRefusal(error) && !isElsewhere)
      throw isElsewhere ? new WrongConnection(error, true) : error
    }
  }

  /** A moment before the caller's deadline, when it is still known how far a call got. */
  #early(deadline: number): number {
    return deadline - Math.min(25, this.timeoutMs * 0.02)
  }

  /** Tries again what was certainly not carried out and may be soon, and a few times a read that lost its connection. */
  async #persist<T>(deadline: number, isRead: boolean, act: () => Promise<T>): Promise<T> {
    const start = performance.now()
    let before: unknown = null
    let slowest = 0
    for (let attempts = 1; ; attempts++) {
      if (this.#damage !== null && !isRead) throw new Failure(this.#damage, 'not-applied')
      const began = performance.now()
      try {
        return await act()
      } catch (error) {
        slowest = Math.max(slowest, performance.now() - began)
        const cause = error instanceof Failure ? error.cause : error
        if (isDamage(cause)) this.#damage = cause
        if (this.pool.isClosed)
          throw new ClosedError({ outcome: isRead ? 'not-applied' : outcomeAfter(error) })
        if (error instanceof LocksDenied || isStorageError(error)) throw error
        if (cause instanceof WrongConnection && cause.isElsewhere) this.pool.giveUp()
        const pause = 5 + Math.random() * Math.min(LONGEST_PAUSE_MS, 30 * 1.5 ** attempts)
        const mayRepeat =
          !(error instanceof Failure) &&
          (isTransient(error) ||
            error instanceof WrongConnection ||
            (isRead && isDisconnection(error) && attempts < MOST_READS))
        // a sending that is late is worse than none: of that, less is known
        if (mayRepeat && performance.now() + pause + 1.5 * slowest < deadline) {
          before = error
          await sleep(pause)
          continue
        }
        // where only the time ran out, the reason is why it was tried again
        const isLate =
          error instanceof Failure &&
          error.outcome === 'not-applied' &&
          (error.isConnecting || error.isTimeout)
        const reason = isLate ? (before ?? error) : error
        const failure =
          reason instanceof Failure ? reason : new Failure(reason, isRead ? 'not-applied' : outcomeOf(reason))
        throw failure.after(attempts, performance.now() - start)
      }
    }
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
