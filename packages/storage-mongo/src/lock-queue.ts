import {
  type AcquireRequest,
  type QueueEntry,
  ResourceContentionError,
  type WriteQueue,
} from '@dir/storage-core'
import type { Connection } from './connection.ts'
import type { MongoContext } from './mongo-context.ts'
import type { Failure } from './failure.ts'
import { LockBoard } from './lock-board.ts'
import { takeSome } from './take-some.ts'
import { pause } from './transactions.ts'

const MAX_ENTRIES = 500
const MAX_BYTES = 1024 * 1024
/** So often a batch is tried as it is; then in halves, so that what others hold up is soon by itself. */
const TRIES = 4
/**
 * How long before its deadline an entry is given up that is certainly not written: after a pause and one more attempt
 * that could not be said any more.
 */
const MARGIN_MS = 100

/** Runs acquires, releases and renewals of one process, many in one transaction. */
export class LockQueue {
  readonly #connection: Connection
  /** By flow or resource, the end of what is tried apart from the rest and named it. */
  readonly #apart = new Map<string, Promise<void>>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async flush(queue: WriteQueue): Promise<void> {
    const together: QueueEntry[] = []
    for (const entry of takeSome(queue, MAX_ENTRIES, MAX_BYTES)) {
      if (keysOf(entry).some((key) => this.#apart.has(key))) this.#tryApart([entry])
      else together.push(entry)
    }
    await this.#connection.watched(this.#try(together, false))
  }

  /** Tries until all are settled, or gives them up to be tried apart: what keeps one waiting keeps no other. */
  async #try(entries: readonly QueueEntry[], isApart: boolean): Promise<void> {
    let left = entries
    let isContended = false
    for (let attempt = 1; left.length > 0; attempt++) {
      // none may be written after its deadline, and one transaction writes them all
      const deadline = Math.min(...left.map((entry) => entry.work.deadline))
      let answers: readonly Answer[]
      try {
        answers = await this.#connection.transactions.attempt(deadline, (context) => decide(context, left))
      } catch (error) {
        const failure = this.#connection.failure(error, -Infinity, 'unknown')
        const isLate = failure.isLate && failure.outcome === 'not-applied'
        if (!failure.isTransient && !isLate) {
          for (const entry of left) entry.reject(failure.toError())
          return
        }
        isContended ||= failure.isTransient
        left = remaining(left, attempt, failure, isContended)
        if (attempt >= TRIES && left.length > (isApart ? 1 : 0)) {
          const middle = left.length >> 1
          if (middle > 0) this.#tryApart(left.slice(0, middle))
          this.#tryApart(left.slice(middle))
          return
        }
        await pause(attempt)
        continue
      }
      for (const answer of answers) answer()
      return
    }
  }

  /** In the background, each after those before it that name the same flow or resource. */
  #tryApart(entries: readonly QueueEntry[]): void {
    const keys = new Set(entries.flatMap(keysOf))
    const before = Promise.all([...keys].map((key) => this.#apart.get(key) ?? Promise.resolve()))
    const end = before.then(() => this.#connection.watched(this.#try(entries, true)))
    for (const key of keys) this.#apart.set(key, end)
    const forget = (): void => {
      for (const key of keys) if (this.#apart.get(key) === end) this.#apart.delete(key)
    }
    end.then(forget, forget)
  }
}

function keysOf({ work }: QueueEntry): string[] {
  return work.calls.flatMap(({ ids, operation }) =>
    operation === 'acquire'
      ? [`flow:${ids[0]}`, ...ids.slice(1).map((id) => `resource:${id}`)]
      : ids.map((id) => `flow:${id}`),
  )
}

/** Settles an entry, once the commit is known. */
type Answer = () => void

/** Decides the entries one after the other and writes what came of it. */
async function decide(context: MongoContext, entries: readonly QueueEntry[]): Promise<Answer[]> {
  const calls = entries.flatMap(({ work }) => work.calls)
  const acquires = calls.filter(({ operation }) => operation === 'acquire')
  const requests = acquires.map(({ args }) => args[0] as AcquireRequest)
  const board = await LockBoard.load(context, {
    flows: [...new Set(calls.map(({ ids }) => ids[0] as string))],
    resources: [...new Set(requests.flatMap(({ demands }) => demands.map(({ resourceId }) => resourceId)))],
    acquires: requests.length,
  })
  const answers = entries.map((entry): Answer => {
    try {
      const answer = entry.work.calls.map(({ operation, args }) => act(board, operation, args))
      return () => entry.resolve(answer)
    } catch (refusal) {
      return () => entry.reject(refusal)
    }
  })
  await board.save(context)
  return answers
}

function act(board: LockBoard, operation: string, args: readonly unknown[]): unknown {
  if (operation === 'acquire') return board.acquire(args[0] as AcquireRequest)
  if (operation === 'release') return board.release(...(args as [string, number | null]))
  return board.renew(...(args as [string, number, number | null]))
}

/** Without those whose time is over: nothing of them was written. The first tries only had an old snapshot. */
function remaining(
  entries: readonly QueueEntry[],
  attempt: number,
  failure: Failure,
  isContended: boolean,
): QueueEntry[] {
  const now = performance.now()
  return entries.filter((entry) => {
    const { deadline, accessDeadline } = entry.work
    if (failure.isTransient) entry.wait()
    if (accessDeadline !== null && now >= accessDeadline && attempt >= TRIES) entry.resolve([null])
    else if (now < deadline - MARGIN_MS) return true
    else if (isContended) entry.reject(new ResourceContentionError(attempt))
    else entry.reject(failure.toError())
    return false
  })
}
