import {
  type Outcome,
  type QueueEntry,
  ResourceContentionError,
  type SyncOperations,
  type WriteQueue,
  runWork,
} from '@dir/storage-core'
import type { SqliteConnection } from './connection.ts'
import { commitOutcome, isBusy, isStoreFailure } from './result-codes.ts'
import { requireImport } from './transfer.ts'
import { pause } from './waiting.ts'

/** So that one batch does not keep the event loop for long. */
const MAX_ENTRIES = 256
const MAX_BYTES = 4 * 1024 * 1024

/** Settles one entry, once the commit is known. */
type Settle = () => void

/** So long before its deadline a write is undone that readers still keep from its commit: a later one could not say so. */
const MARGIN_MS = 20

/** Commits what waits in the queue in one transaction, and so with one fsync. Only the wait for others is awaited. */
export async function groupCommit(
  db: SqliteConnection,
  operations: SyncOperations<SqliteConnection>,
  queue: WriteQueue,
): Promise<void> {
  for (let count = 1; ; count++) {
    if (db.givesWay()) await pause(count)
    try {
      db.begin()
    } catch (error) {
      if (!isBusy(error)) return rejectAll(db, queue.take(Infinity), error)
      if (!queue.contended()) return
      await pause(count)
      continue
    }
    const entries = queue.take(MAX_ENTRIES, MAX_BYTES)
    let settles: readonly Settle[]
    try {
      settles = runBatch(db, operations, entries)
    } catch (error) {
      db.rollback()
      return rejectAll(db, entries, error)
    }
    try {
      if (await commit(db, entries, queue)) {
        for (const settle of settles) settle()
        return
      }
    } catch (error) {
      return rejectAll(db, entries, error, commitOutcome(error))
    }
    if (!queue.contended()) return
  }
}

/**
 * Waits for the readers of a rollback journal that keep the commit from being written; new ones are held off meanwhile.
 * @returns false when one of the entries may wait no longer: all is undone then, and the others are in the queue again.
 */
async function commit(
  db: SqliteConnection,
  entries: readonly QueueEntry[],
  queue: WriteQueue,
): Promise<boolean> {
  for (let count = 1; !db.commit(); count++) {
    const late = entries.filter(({ work }) => performance.now() >= work.deadline - MARGIN_MS)
    const impatient = entries.some(({ work }) => performance.now() >= (work.accessDeadline ?? Infinity))
    if (late.length > 0 || impatient) {
      db.rollback()
      for (const entry of late) entry.reject(new ResourceContentionError(count))
      const others = new Set(entries.filter((entry) => !late.includes(entry)))
      queue.putBack(others, others)
      return false
    }
    queue.contended()
    await pause(count)
  }
  return true
}

/**
 * Runs the entries so that the refusal of one undoes nothing but itself; throws where the store failed. A savepoint
 * for each costs a fifth of the speed and is hardly ever needed, because conditions are judged before anything is
 * written: only where an entry is refused half-way are all of them run again, each in a savepoint of its own.
 */
function runBatch(
  db: SqliteConnection,
  operations: SyncOperations<SqliteConnection>,
  entries: readonly QueueEntry[],
): readonly Settle[] {
  db.run('SAVEPOINT batch')
  const settles: Settle[] = []
  for (const entry of entries) {
    const { settle, halfDone } = run(db, operations, entry)
    if (halfDone) {
      db.run('ROLLBACK TO batch')
      return entries.map((one) => runApart(db, operations, one))
    }
    settles.push(settle)
  }
  return settles
}

interface Ran {
  readonly settle: Settle
  /** It was refused after it had written something, which must be undone. */
  readonly halfDone: boolean
}

function run(db: SqliteConnection, operations: SyncOperations<SqliteConnection>, entry: QueueEntry): Ran {
  const before = db.written
  try {
    const { importTicket } = entry.work
    if (importTicket !== undefined) requireImport(db, importTicket)
    const answers = runWork(operations, db, entry.work)
    return { settle: () => entry.resolve(answers), halfDone: false }
  } catch (error) {
    if (isStoreFailure(error)) throw error
    const refusal = db.translate(error)
    return { settle: () => entry.reject(refusal), halfDone: db.written > before }
  }
}

function runApart(
  db: SqliteConnection,
  operations: SyncOperations<SqliteConnection>,
  entry: QueueEntry,
): Settle {
  db.run('SAVEPOINT entry')
  const { settle, halfDone } = run(db, operations, entry)
  if (halfDone) db.run('ROLLBACK TO entry')
  db.run('RELEASE entry')
  return settle
}

function rejectAll(
  db: SqliteConnection,
  entries: readonly QueueEntry[],
  error: unknown,
  outcome: Outcome = 'not-applied',
): void {
  // each gets an error of its own, because an error says which call it is about
  for (const entry of entries) entry.reject(db.translate(error, outcome))
}
