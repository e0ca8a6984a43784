import { performance } from 'node:perf_hooks'
import { isStorageError } from '@dir/storage-core'
import type { PgConnection } from './connection.ts'
import { Failure, LocksDenied } from './failure.ts'
import type { Lease } from './lease.ts'
import type { PgTransaction, Row, SqlValue } from './session.ts'
import {
  WrongConnection,
  codeOf,
  isLockTimeout,
  isReadOnly,
  isRefusal,
  isTransient,
  tooLate,
} from './wire.ts'

export interface TransactionOptions {
  readonly deadline: number
  /** What it waits for before anything else. */
  readonly lock: bigint | null
}

type Act<T> = (db: PgTransaction) => Promise<T>

/** Runs `act` in one READ COMMITTED transaction. What fails before its COMMIT was certainly not carried out. */
export async function transact<T>(pg: PgConnection, options: TransactionOptions, act: Act<T>): Promise<T> {
  const { deadline } = options
  const lease = await pg.pool.lend(deadline)
  const run = (sql: string, ...values: SqlValue[]): Promise<Row[]> => lease.query(deadline, sql, values)
  let answer: T
  try {
    await begin(pg, lease, options)
    const script = async (sql: string): Promise<void> => void (await lease.script(deadline, sql))
    answer = await act({ schema: pg.schema, read: run, write: run, script })
  } catch (error) {
    const reason = isReadOnly(error) ? new WrongConnection(error, true) : error
    await rollback(pg, lease, deadline, reason)
    throw isStorageError(reason) ||
      isTransient(reason) ||
      reason instanceof WrongConnection ||
      reason instanceof LocksDenied
      ? reason
      : new Failure(reason instanceof Failure ? reason.cause : reason, 'not-applied')
  }
  try {
    const [committed] = await lease.script(deadline, 'COMMIT')
    pg.pool.giveBack(lease, true)
    if (committed?.command !== 'COMMIT') throw new Failure(new Error('the server rolled back'), 'not-applied')
    return answer
  } catch (error) {
    pg.pool.giveBack(lease, false)
    throw error
  }
}

async function begin(
  { timeoutMs, makeDurable }: PgConnection,
  lease: Lease,
  { deadline, lock }: TransactionOptions,
): Promise<void> {
  const budget = budgetOf(deadline, timeoutMs)
  const limit = (name: string): string => `SET LOCAL ${name} = ${Math.max(1, Math.round(budget))};`
  try {
    // the lock's key is a number that we computed, so it may stand in the text
    await lease.script(
      deadline,
      `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
      ${limit('idle_in_transaction_session_timeout')} ${limit('statement_timeout')} ${limit('lock_timeout')}
      ${makeDurable ? 'SET LOCAL synchronous_commit = on;' : ''}
      ${lock === null ? '' : `SELECT pg_advisory_xact_lock(${lock})`}`,
    )
  } catch (error) {
    // so does a standby refuse READ WRITE
    if (codeOf(error) === '0A000') throw new WrongConnection(error, true)
    throw lock !== null && (isLockTimeout(error) || codeOf(error) === '57014') ? new LocksDenied() : error
  }
}

async function rollback(pg: PgConnection, lease: Lease, deadline: number, reason: unknown): Promise<void> {
  let isSound = isRefusal(reason) || reason instanceof LocksDenied || isStorageError(reason)
  if (isSound) {
    try {
      await lease.script(deadline, 'ROLLBACK')
    } catch {
      isSound = false
    }
  }
  pg.pool.giveBack(lease, isSound)
}

/** The server gives up before the client does, so that what is late here will never be applied there. */
function budgetOf(deadline: number, timeoutMs: number): number {
  const left = Math.min(deadline - performance.now(), timeoutMs)
  if (left < 1) throw tooLate()
  return left - Math.min(0.2 * left + 50, 0.5 * left)
}
