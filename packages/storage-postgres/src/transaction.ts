import { performance } from 'node:perf_hooks'
import { isStorageError } from '@dir/storage-core'
import type { PgConnection } from './connection.ts'
import { Failure, LocksDenied } from './failure.ts'
import type { Lease } from './lease.ts'
import type { LockPlan } from './locks.ts'
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
  readonly locks: LockPlan | null
  /** How long to wait for the locks; 0: take those that are free. */
  readonly lockWaitMs: number
}

type Act<T> = (db: PgTransaction, denied: ReadonlySet<bigint>) => Promise<T>

/** Runs `act` in one READ COMMITTED transaction. What fails before its COMMIT was certainly not carried out. */
export async function transact<T>(pg: PgConnection, options: TransactionOptions, act: Act<T>): Promise<T> {
  const { deadline } = options
  const lease = await pg.pool.lend(deadline)
  const run = (sql: string, ...values: SqlValue[]): Promise<Row[]> => lease.query(deadline, sql, values)
  let answer: T
  try {
    const denied = await begin(pg, lease, options)
    const script = async (sql: string): Promise<void> => void (await lease.script(deadline, sql))
    answer = await act({ schema: pg.schema, read: run, write: run, script }, denied)
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
  { deadline, locks, lockWaitMs }: TransactionOptions,
): Promise<ReadonlySet<bigint>> {
  const budget = budgetOf(deadline, timeoutMs)
  const limit = (name: string, ms: number): string => `SET LOCAL ${name} = ${Math.max(1, Math.round(ms))};`
  const settings = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
    ${limit('idle_in_transaction_session_timeout', budget)} ${limit('statement_timeout', budget)}
    ${makeDurable ? 'SET LOCAL synchronous_commit = on;' : ''}`
  try {
    if (locks === null) {
      await lease.script(deadline, settings)
      return new Set()
    }
    if (lockWaitMs === 0) {
      const answers = await lease.script(deadline, settings + locks.trySql)
      return locks.denied((answers.at(-1)?.rows ?? []).map((row) => row['free'] === 'true'))
    }
    // lock_timeout counts for each lock anew, statement_timeout for all of them
    await lease.script(
      deadline,
      `${settings} ${limit('lock_timeout', lockWaitMs)} ${limit('statement_timeout', lockWaitMs)}
      ${locks.waitSql}; ${limit('lock_timeout', budget)} ${limit('statement_timeout', budget)}`,
    )
    return new Set()
  } catch (error) {
    // so does a standby refuse READ WRITE
    if (codeOf(error) === '0A000') throw new WrongConnection(error, true)
    const isDenied = lockWaitMs > 0 && (isLockTimeout(error) || codeOf(error) === '57014')
    throw isDenied ? new LocksDenied() : error
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
