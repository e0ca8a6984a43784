import {
  type Outcome,
  type QueueEntry,
  type SyncOperations,
  type WriteQueue,
  runWork,
} from '@dir/storage-core'
import { type SqliteConnection, pause } from './connection.ts'
import { commitOutcome, isBusy, isStoreFailure } from './errors.ts'

const MAX_ENTRIES = 256
const MAX_BYTES = 4 * 1024 * 1024
/** How long a batch may keep the event loop before it commits. */
const MAX_MS = 20

/** Settles one entry, once the commit is known. */
type Settle = () => void

/** Commits what waits in the queue in one transaction, and so with one fsync. Only the wait for other writers is awaited. */
export function groupCommit(
  db: SqliteConnection,
  operations: SyncOperations<SqliteConnection>,
  queue: WriteQueue,
): Promise<void> | undefined {
  return attempt(db, operations, queue) ? undefined : persist(db, operations, queue)
}

async function persist(
  db: SqliteConnection,
  operations: SyncOperations<SqliteConnection>,
  queue: WriteQueue,
): Promise<void> {
  for (let count = 1; queue.contended(); count++) {
    await pause(count)
    if (attempt(db, operations, queue)) return
  }
}

/** @returns false if another connection is writing. */
function attempt(
  db: SqliteConnection,
  operations: SyncOperations<SqliteConnection>,
  queue: WriteQueue,
): boolean {
  try {
    db.begin()
  } catch (error) {
    if (isBusy(error)) return false
    rejectAll(db, queue.take(Infinity), error)
    return true
  }
  const entries: QueueEntry[] = []
  const settles: Settle[] = []
  try {
    for (const entry of taken(queue)) {
      entries.push(entry)
      settles.push(run(db, operations, entry))
    }
  } catch (error) {
    db.rollback()
    rejectAll(db, entries, error)
    return true
  }
  try {
    db.commit()
  } catch (error) {
    rejectAll(db, entries, error, commitOutcome(error))
    return true
  }
  for (const settle of settles) settle()
  return true
}

/** Entries as long as the batch is small and quick. */
function* taken(queue: WriteQueue): Iterable<QueueEntry> {
  const until = performance.now() + MAX_MS
  let bytes = 0
  for (let count = 0; count < MAX_ENTRIES && bytes < MAX_BYTES && performance.now() < until; count++) {
    const [entry] = queue.take(1)
    if (entry === undefined) return
    bytes += entry.work.bytes
    yield entry
  }
}

/** Runs one entry so that its failure undoes nothing but itself; throws where the store failed. */
function run(db: SqliteConnection, operations: SyncOperations<SqliteConnection>, entry: QueueEntry): Settle {
  db.run('SAVEPOINT entry')
  try {
    const answers = runWork(operations, db, entry.work)
    db.run('RELEASE entry')
    return () => entry.resolve(answers)
  } catch (error) {
    if (isStoreFailure(error)) throw error
    db.run('ROLLBACK TO entry')
    db.run('RELEASE entry')
    const refusal = db.translate(error)
    return () => entry.reject(refusal)
  }
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
