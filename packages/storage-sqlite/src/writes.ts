import { type Outcome, ResourceContentionError, type StorageError } from '@dir/storage-core'
import {
  type Sending,
  type SyncOperations,
  type Work,
  type WorkResult,
  pause,
  runWork,
} from '@dir/storage-core/adapter'
import type { SqliteConnection } from './connection.ts'
import { requireImport } from './import.ts'
import { commitOutcome, isBusy, isStoreFailure } from './result-codes.ts'
import type { Statements } from './statements.ts'

/** So long before its deadline a write is undone that readers still keep from its commit: a later one could not say so. */
const MARGIN_MS = 20

/** Commits the works in one transaction, and so with one fsync. Only the wait for others is awaited. */
export async function commit(
  db: SqliteConnection,
  operations: SyncOperations<Statements>,
  works: readonly Work[],
  sending: Sending,
): Promise<readonly WorkResult[]> {
  if (db.givesWay()) await pause(3)
  try {
    db.begin()
  } catch (error) {
    return isBusy(error) ? works.map(() => 'blocked') : failed(db, works, error)
  }
  if (!sending(works)) {
    db.rollback()
    return works.map(() => 'again')
  }
  let results: readonly WorkResult[]
  try {
    results = carryOut(db, operations, works)
  } catch (error) {
    db.rollback()
    return failed(db, works, error)
  }
  try {
    return (await outwait(db, works)) ?? results
  } catch (error) {
    return failed(db, works, error, commitOutcome(error))
  }
}

/**
 * Waits for the readers of a rollback journal that keep the commit from being written; new ones are held off meanwhile.
 * @returns what becomes of the works when one of them may wait no longer: all is undone then. Null: it is written.
 */
async function outwait(db: SqliteConnection, works: readonly Work[]): Promise<readonly WorkResult[] | null> {
  for (let attempt = 1; !db.commit(); attempt++) {
    const now = performance.now()
    const results = works.map(({ deadline, accessDeadline }): WorkResult => {
      if (now >= deadline - MARGIN_MS) return { error: new ResourceContentionError(attempt) }
      return now >= (accessDeadline ?? Infinity) ? 'blocked' : 'again'
    })
    if (results.some((result) => result !== 'again')) {
      db.rollback()
      return results
    }
    await pause(attempt, 8)
  }
  return null
}

/**
 * Carries the works out so that the refusal of one undoes nothing but itself; throws where the store failed. A savepoint
 * for each costs a fifth of the speed and is hardly ever needed, because conditions are judged before anything is
 * written: only where one is refused half-way are all of them carried out again, each in a savepoint of its own.
 */
function carryOut(
  db: SqliteConnection,
  operations: SyncOperations<Statements>,
  works: readonly Work[],
): readonly WorkResult[] {
  db.run('SAVEPOINT works')
  const results: WorkResult[] = []
  for (const work of works) {
    const { result, isHalfDone } = run(db, operations, work)
    if (isHalfDone) {
      db.run('ROLLBACK TO works')
      return works.map((one) => runApart(db, operations, one))
    }
    results.push(result)
  }
  return results
}

/** Where a work is carried out: our own connection, or one of the application's. */
interface WorkPlace extends Statements {
  translate(error: unknown): StorageError
}

interface Ran {
  readonly result: WorkResult
  /** It was refused after it had written something, which must be undone. */
  readonly isHalfDone: boolean
}

function run(db: WorkPlace, operations: SyncOperations<Statements>, work: Work): Ran {
  const before = db.written
  try {
    if (work.importTicket !== undefined) requireImport(db, work.importTicket)
    return { result: { answers: runWork(operations, db, work) }, isHalfDone: false }
  } catch (error) {
    if (isStoreFailure(error)) throw error
    return { result: { error: db.translate(error) }, isHalfDone: db.written > before }
  }
}

/** Carries one work out inside a transaction, so that a refusal, or a failure, undoes it and nothing else. */
export function runApart(db: WorkPlace, operations: SyncOperations<Statements>, work: Work): WorkResult {
  db.run('SAVEPOINT work')
  let isHalfDone = true
  try {
    const ran = run(db, operations, work)
    isHalfDone = ran.isHalfDone
    return ran.result
  } finally {
    // after some failures SQLite has rolled everything back by itself
    if (isHalfDone && db.isInTransaction) db.run('ROLLBACK TO work')
    if (db.isInTransaction) db.run('RELEASE work')
  }
}

/** Each gets an error of its own, because an error says which call it is about. */
function failed(
  db: SqliteConnection,
  works: readonly Work[],
  error: unknown,
  outcome: Outcome = 'not-applied',
): readonly WorkResult[] {
  return works.map(() => ({ error: db.translate(error, outcome) }))
}
