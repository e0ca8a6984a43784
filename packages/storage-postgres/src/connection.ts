import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError, isStorageError } from '@dir/storage-core'
import {
  isDamage,
  isDisconnection,
  isLockTimeout,
  isRefusal,
  isStalePlan,
  isTransient,
  outcomeOf,
  tooLate,
} from './errors.ts'
import { Failure, LocksDenied } from './failure.ts'
import type { Lease } from './lease.ts'
import type { LockPlan } from './locks.ts'
import type { PgPool } from './pool.ts'
import type { PgSession, PgTransaction, Row, SqlValue } from './session.ts'

export interface TransactionOptions {
  readonly deadline: number
  readonly locks: LockPlan | null
  /** How long to wait for the locks; 0: take those that are free. */
  readonly lockWaitMs: number
}

const MOST_READS = 3

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
      read: (sql, ...values) => this.#persist(deadline, true, () => this.#alone(deadline, sql, values)),
      write: (sql, ...values) => {
        // in the RETURNING list: a statement that changes no row has nothing to keep
        const text = this.makeDurable ? `${sql}, set_config('synchronous_commit', 'on', true)` : sql
        return this.#persist(deadline, false, () => this.#alone(deadline, text, values))
      },
    }
  }

  /** Runs `act` in one READ COMMITTED transaction, again if the server undid it because of others. */
  transaction<T>(
    options: TransactionOptions,
    act: (db: PgTransaction, denied: ReadonlySet<bigint>) => Promise<T>,
  ): Promise<T> {
    const deadline = this.#early(options.deadline)
    return this.#persist(deadline, false, () => this.#transact({ ...options, deadline }, act))
  }

  async #alone(deadline: number, sql: string, values: readonly SqlValue[]): Promise<Row[]> {
    const lease = await this.pool.lend(deadline)
    try {
      const rows = await lease.query(deadline, sql, values)
      this.pool.giveBack(lease, true)
      return rows
    } catch (error) {
      this.pool.giveBack(lease, isRefusal(error) && !isStalePlan(error))
      throw error
    }
  }

  async #transact<T>(
    options: TransactionOptions,
    act: (db: PgTransaction, denied: ReadonlySet<bigint>) => Promise<T>,
  ): Promise<T> {
    const { deadline } = options
    const lease = await this.pool.lend(deadline)
    const run = (sql: string, ...values: SqlValue[]): Promise<Row[]> => lease.query(deadline, sql, values)
    let answer: T
    try {
      const denied = await this.#begin(lease, options)
      const script = async (sql: string): Promise<void> => void (await lease.script(deadline, sql))
      answer = await act({ schema: this.schema, read: run, write: run, script }, denied)
    } catch (error) {
      await this.#rollback(lease, deadline, error)
      throw isStorageError(error) || isTransient(error) || error instanceof LocksDenied
        ? error
        : new Failure(error, 'not-applied')
    }
    try {
      const [committed] = await lease.script(deadline, 'COMMIT')
      this.pool.giveBack(lease, true)
      if (committed?.command !== 'COMMIT')
        throw new Failure(new Error('the server rolled back'), 'not-applied')
      return answer
    } catch (error) {
      this.pool.giveBack(lease, false)
      throw error
    }
  }

  async #begin(
    lease: Lease,
    { deadline, locks, lockWaitMs }: TransactionOptions,
  ): Promise<ReadonlySet<bigint>> {
    const budget = this.#budget(deadline)
    const limit = (name: string, ms: number): string => `SET LOCAL ${name} = ${Math.max(1, Math.round(ms))};`
    const settings = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
      ${limit('idle_in_transaction_session_timeout', budget)} ${limit('statement_timeout', budget)}
      ${this.makeDurable ? 'SET LOCAL synchronous_commit = on;' : ''}`
    if (locks === null) {
      await lease.script(deadline, settings)
      return new Set()
    }
    if (lockWaitMs === 0) {
      const answers = await lease.script(deadline, settings + locks.trySql)
      return locks.denied((answers.at(-1)?.rows ?? []).map((row) => row['free'] === 'true'))
    }
    try {
      // lock_timeout counts for each lock anew, statement_timeout for all of them
      await lease.script(
        deadline,
        `${settings} ${limit('lock_timeout', lockWaitMs)} ${limit('statement_timeout', lockWaitMs)}
        ${locks.waitSql}; ${limit('lock_timeout', budget)} ${limit('statement_timeout', budget)}`,
      )
      return new Set()
    } catch (error) {
      if (isLockTimeout(error) || (error as { code?: unknown }).code === '57014') throw new LocksDenied()
      throw error
    }
  }

  async #rollback(lease: Lease, deadline: number, reason: unknown): Promise<void> {
    let isSound =
      (isRefusal(reason) && !isStalePlan(reason)) || reason instanceof LocksDenied || isStorageError(reason)
    if (isSound) {
      try {
        await lease.script(deadline, 'ROLLBACK')
      } catch {
        isSound = false
      }
    }
    this.pool.giveBack(lease, isSound)
  }

  /** The server gives up before the client does, so that what is late here will never be applied there. */
  #budget(deadline: number): number {
    const left = Math.min(deadline - performance.now(), this.timeoutMs)
    if (left < 1) throw tooLate()
    return left - Math.min(0.2 * left + 50, 0.5 * left)
  }

  /** A moment before the caller's deadline, when it is still known how far a call got. */
  #early(deadline: number): number {
    return deadline - Math.min(25, this.timeoutMs * 0.02)
  }

  /** Tries again what the server undid, and a few times a read that lost its connection. */
  async #persist<T>(deadline: number, isRead: boolean, act: () => Promise<T>): Promise<T> {
    const start = performance.now()
    for (let attempts = 1; ; attempts++) {
      if (this.#damage !== null && !isRead) throw new Failure(this.#damage, 'not-applied')
      try {
        return await act()
      } catch (error) {
        const cause = error instanceof Failure ? error.cause : error
        if (isDamage(cause)) this.#damage = cause
        if (this.pool.isClosed)
          throw new ClosedError({ outcome: error instanceof Failure ? error.outcome : outcomeOf(error) })
        if (error instanceof Failure || error instanceof LocksDenied || isStorageError(error)) throw error
        const pause = 5 + Math.random() * 45
        const mayRepeat = isTransient(error) || (isRead && isDisconnection(error) && attempts < MOST_READS)
        if (!mayRepeat || performance.now() + pause >= deadline)
          throw new Failure(error, isRead ? 'not-applied' : outcomeOf(error), {
            attempts,
            waitedMs: performance.now() - start,
          })
        await sleep(pause)
      }
    }
  }
}
