import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Call,
  type QueueEntry,
  type StorageError,
  type WriteQueue,
  isStorageError,
} from '@dir/storage-core'
import type { PgConnection } from './connection.ts'
import { Failure, LocksDenied } from './failure.ts'
import { LockBook } from './lock-book.ts'
import { type Settled, enactLockCall, judgeLockCall, scopeOf } from './lock-calls.ts'
import type { LockNames } from './locks.ts'

const MOST_ENTRIES = 128
/** How long one try may wait for a lock that another process holds. Others wait as long, so it is short. */
const LOCK_WAIT_MS = 25

/**
 * Commits many acquires, releases and renewals in one transaction: it takes the locks that are free, decides one
 * request after the other by what it then reads, and writes what came of them. Requests whose locks others hold, and
 * those behind them, go back into the queue; no connection is kept for them.
 */
export class LockBatch {
  readonly #pg: PgConnection
  readonly #names: LockNames
  /** How many batches in a row found somebody else's lock. */
  #misses = 0

  constructor(pg: PgConnection, names: LockNames) {
    this.#pg = pg
    this.#names = names
  }

  readonly flush = async (queue: WriteQueue): Promise<void> => {
    if (this.#misses > 0) await sleep(1 + Math.random() * Math.min(8, 1 + this.#misses))
    // taking what happens to be free could starve one that needs much: now and then the first in line waits for its turn
    const patient = this.#misses % 3 === 2
    const entries = patient ? queue.take(1) : this.#take(queue)
    const [first] = entries
    if (first === undefined) return
    const deadline = Math.min(
      ...entries.map(({ work }) => work.deadline),
      performance.now() + this.#pg.timeoutMs,
    )
    const lockWaitMs = patient ? LOCK_WAIT_MS : 0
    try {
      await this.#commit(queue, entries, deadline, lockWaitMs)
    } catch (error) {
      if (error instanceof LocksDenied) {
        this.#misses++
        queue.putBack(new Set(entries), new Set(entries))
      } else if (error instanceof Failure) this.#fail(queue, entries, error)
      else throw error
    }
  }

  async #commit(
    queue: WriteQueue,
    entries: readonly QueueEntry[],
    deadline: number,
    lockWaitMs: number,
  ): Promise<void> {
    const locks = this.#names.plan(entries.flatMap((entry) => this.#keysOf(entry)))
    let settles: (() => void)[] = []
    let blocked = new Map<QueueEntry, boolean>()
    await this.#pg.transaction({ deadline, locks, lockWaitMs }, async (db, denied) => {
      blocked = this.#blocked(entries, denied)
      settles = []
      const ready = entries.filter((entry) => !blocked.has(entry))
      if (ready.length === 0) return
      const book = await LockBook.open(db, scopeOf(ready.map(callOf)))
      const answers = ready.map((entry): Settled | StorageError => decide(book, callOf(entry)))
      const isThere = await book.save(db)
      settles = ready.map((entry, index) => {
        const answer = answers[index]
        return isStorageError(answer) ? () => entry.reject(answer) : () => entry.resolve([answer?.(isThere)])
      })
    })
    this.#misses = blocked.size > 0 ? this.#misses + 1 : 0
    queue.putBack(
      new Set(blocked.keys()),
      new Set([...blocked].filter(([, isContended]) => isContended).map(([entry]) => entry)),
    )
    for (const settle of settles) settle()
  }

  /** Entries whose locks fit into one transaction, and at least one. */
  #take(queue: WriteQueue): QueueEntry[] {
    const entries: QueueEntry[] = []
    const keys = new Set<bigint>()
    while (entries.length < MOST_ENTRIES) {
      const [entry] = queue.take(1)
      if (entry === undefined) break
      const added = this.#keysOf(entry)
      if (entries.length > 0 && this.#names.plan([...keys, ...added]).isWhole) {
        queue.putBack(new Set([entry]), new Set())
        break
      }
      for (const key of added) keys.add(key)
      entries.push(entry)
    }
    return entries
  }

  /** Those that cannot be carried out now, and whether others' locks (not only earlier requests) are the reason. */
  #blocked(entries: readonly QueueEntry[], denied: ReadonlySet<bigint>): Map<QueueEntry, boolean> {
    const blocked = new Map<QueueEntry, boolean>()
    if (denied.size === 0) return blocked
    const behind = new Set<bigint>()
    for (const entry of entries) {
      const keys = this.#keysOf(entry)
      const isContended = keys.some((key) => denied.has(key))
      if (!isContended && !keys.some((key) => behind.has(key))) continue
      blocked.set(entry, isContended)
      for (const key of keys) behind.add(key)
    }
    return blocked
  }

  /** All of a batch fail alike; but where nothing was applied and only some had no time left, the others try again. */
  #fail(queue: WriteQueue, entries: readonly QueueEntry[], failure: Failure): void {
    const soon = performance.now() + this.#pg.timeoutMs * 0.3
    const patient = entries.filter(({ work }) => work.deadline > soon)
    if (failure.isTimeout && failure.outcome === 'not-applied' && patient.length < entries.length)
      queue.putBack(new Set(patient), new Set())
    else patient.length = 0
    for (const entry of entries) if (!patient.includes(entry)) entry.reject(failure.toError())
  }

  #keysOf(entry: QueueEntry): bigint[] {
    const { protocol, ids } = callOf(entry)
    return ids.map((id) => this.#names.key(`${protocol}:${id}`))
  }
}

function callOf(entry: QueueEntry): Call {
  return entry.work.calls[0] as Call
}

/** Carries a request out on the book; its refusal touches nothing and nobody else. */
function decide(book: LockBook, call: Call): Settled | StorageError {
  try {
    return judgeLockCall(book, call) ? enactLockCall(book, call) : () => false
  } catch (error) {
    if (isStorageError(error)) return error
    throw error
  }
}
