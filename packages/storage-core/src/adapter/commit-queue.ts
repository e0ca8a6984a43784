import { AsyncLocalStorage } from 'node:async_hooks'
import { CallOrder } from './call-order.ts'
import type { Call, Work } from './call.ts'
import type { CommitQueueOptions } from './commit-queue-options.ts'
import { tracedCommit } from './commit-tracing.ts'
import { nextTurn } from './deadline.ts'
import { nextCommit, weigh } from './next-commit.ts'
import { pause } from './pause.ts'
import { QueuedWork, type WorkResult } from './queued-work.ts'
import { ClosedError } from '../errors/index.ts'
import { copyOf } from '../errors/storage-error.ts'
import { Room } from './room.ts'

/** To reject more of them at once would hold the event loop up. */
const MOST_EXPIRIES = 500

/**
 * The one way in which a handle writes. Whatever is issued in one turn of the event loop, or arrives while a commit is
 * under way, goes into the next commit together, in the order of issue; a caller who is alone waits for nobody. Bounded;
 * every work settles by its deadline.
 */
export class CommitQueue {
  readonly #options: CommitQueueOptions
  readonly #room: Room
  readonly #order = new CallOrder()
  /** A commit belongs to several callers, and so runs in the context of none of them. */
  readonly #apart = AsyncLocalStorage.snapshot()
  #waiting = new Set<QueuedWork>()
  #sent: readonly QueuedWork[] = []
  #results: Promise<readonly WorkResult[]> = Promise.resolve([])
  #running = false
  #closed = false
  /** Nobody's time is over before. */
  #nextExpiry = Infinity
  #onIdle: (() => void) | null = null

  constructor(options: CommitQueueOptions) {
    this.#options = { ...options, commit: tracedCommit(options) }
    this.#room = new Room(options.maxEntries, options.maxBytes)
  }

  /** Queues work; the promise settles after its commit, or with the error that kept it from being written. */
  push(work: Work): Promise<readonly unknown[]> {
    if (this.#closed) return Promise.reject(new ClosedError())
    const refusal = this.#room.take(work.bytes)
    if (refusal !== null) return Promise.reject(refusal)
    const queued = new QueuedWork(work, this.#forget, this.#options.source)
    const { answer } = queued
    this.#waiting.add(queued)
    this.#nextExpiry = Math.min(this.#nextExpiry, work.deadline, work.accessDeadline ?? Infinity)
    this.#order.add(queued)
    if (this.#sent.length > 0) weigh(queued, this.#options.prepare)
    if (!this.#running) {
      this.#running = true
      nextTurn(() => void this.#apart(() => this.#run()))
    }
    return answer
  }

  /** The earlier writes that a read must wait for; undefined: none. */
  earlier(call: Pick<Call, 'protocol' | 'ids' | 'concernsAll'>): Promise<unknown> | undefined {
    return this.#order.earlier(call)
  }

  /** Takes no more, waits for what is there; what is left after `graceMs` rejects with `ClosedError`. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true
    if (!this.#running) return
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve))
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, graceMs)))
    await Promise.race([idle, patience])
    clearTimeout(timer)
    for (const queued of [...this.#sent, ...this.#waiting])
      queued.reject(new ClosedError({ outcome: queued.isSent ? 'unknown' : 'not-applied' }))
  }

  async #run(): Promise<void> {
    const timer = setInterval(() => this.#expire(0), 10)
    let sent: readonly QueuedWork[] = []
    for (let misses = 0; sent.length > 0 || this.#waiting.size > 0;) {
      if (sent.length === 0) {
        if (await this.#isReady()) sent = this.#send()
        if (sent.length === 0) {
          await pause(1) // what is left is given up
          continue
        }
      }
      const start = performance.now()
      const results = await this.#results
      const next = this.#mayGoOn(results) ? this.#send() : []
      // what the callers do with their answers would keep it from leaving
      if (next.length > 0) await new Promise<void>(nextTurn)
      const isAllBlocked = !this.#settle(sent, results, performance.now() - start)
      misses = isAllBlocked ? misses + 1 : 0
      if (isAllBlocked) await pause(misses, this.#options.mostPauseMs ?? 8)
      // lets the callers who have their answers issue their next writes, and others run
      else if (next.length === 0) await new Promise<void>(nextTurn)
      sent = next
    }
    clearInterval(timer)
    this.#running = false
    this.#onIdle?.()
  }

  /** Begins the next commit. */
  #send(): readonly QueuedWork[] {
    this.#expire(0)
    const sent = nextCommit(this.#waiting, this.#options)
    for (const queued of sent) {
      this.#waiting.delete(queued)
      queued.take()
    }
    this.#sent = sent
    if (sent.length > 0) this.#results = this.#commit(new Map(sent.map((queued) => [queued.work, queued])))
    return sent
  }

  async #commit(sent: ReadonlyMap<Work, QueuedWork>): Promise<readonly WorkResult[]> {
    const works = [...sent.keys()]
    const sending = (some: readonly Work[]): boolean => {
      if (some.some((work) => sent.get(work)?.isSettled !== false)) return false
      for (const work of some) sent.get(work)?.send()
      return true
    }
    try {
      return await this.#options.commit(works, sending)
    } catch (error) {
      const all = [...sent.values()]
      // what became of those that were sent says nothing of the others
      const isPart = all.some(({ isSent }) => isSent)
      return all.map(({ isSent }) => (isPart && !isSent ? 'again' : { error: copyOf(error) }))
    }
  }

  /** Whether the next commit may begin before those results are handed on: nothing of them has to come again first. */
  #mayGoOn(results: readonly WorkResult[]): boolean {
    if (this.#waiting.size === 0) return false
    if (this.#options.overlap !== true || results.some((result) => typeof result === 'string')) return false
    const wait = this.#options.ready?.()
    wait?.catch(() => {}) // it is asked again
    return wait === undefined
  }

  /** @returns false where all that was sent is blocked. */
  #settle(sent: readonly QueuedWork[], results: readonly WorkResult[], attemptMs: number): boolean {
    const back = sent.filter((queued, index) => !queued.settle(results[index] ?? 'again'))
    if (this.#sent === sent) this.#sent = []
    if (back.length === 0) return true
    this.#waiting = new Set([...back, ...this.#waiting])
    // one more attempt would take as long, and nothing could be said of it in time
    this.#expire(attemptMs)
    return back.length < sent.length || results.includes('again')
  }

  async #isReady(): Promise<boolean> {
    try {
      await this.#options.ready?.()
      return true
    } catch (error) {
      for (const queued of this.#waiting) queued.reject(copyOf(error))
      return false
    }
  }

  /** Gives up what is late, or would be after another attempt; of very many some now, and the others in a moment. */
  #expire(attemptMs: number): void {
    const now = performance.now()
    if (attemptMs === 0 && now < this.#nextExpiry) return
    let next = Infinity
    let left = MOST_EXPIRIES
    for (const some of [this.#sent, this.#waiting])
      for (const queued of some) {
        if (left === 0) {
          this.#nextExpiry = now
          return
        }
        const again = queued.expire(now, attemptMs)
        if (again === Infinity) left--
        next = Math.min(next, again)
      }
    this.#nextExpiry = next
  }

  readonly #forget = (queued: QueuedWork): void => {
    this.#order.remove(queued)
    this.#waiting.delete(queued)
    this.#room.free(queued.work.bytes)
  }
}
