import { CallOrder } from './call-order.ts'
import type { Call, Work } from './call.ts'
import { nextTurn } from './deadline.ts'
import { pause } from './pause.ts'
import { QueuedWork, type WorkResult } from './queued-work.ts'
import { ClosedError } from '../errors/index.ts'
import { copyOf } from '../errors/storage-error.ts'
import { Room } from './room.ts'

export interface CommitQueueOptions {
  /**
   * Carries out the works, one after the other, and commits what comes of them in one step; what one is refused for
   * touches no other. Resolves once every outcome is known, with one result for each work, in order. Where it rejects, all of
   * them are rejected with that error. Called again only when the call before has settled.
   */
  readonly commit: (works: readonly Work[]) => Promise<readonly WorkResult[]>
  /**
   * Resolves when a commit can be sent; undefined: at once. What waits for it is not sent, and so not applied. Where it
   * rejects, all that waits is rejected with that error.
   */
  readonly ready?: () => Promise<void> | undefined
  /** How many works go into one commit; default 128. */
  readonly mostWorks?: number
  /** A commit takes no more works once they come to so many bytes; default 1 MiB. */
  readonly mostBytes?: number
  /** Work of more bytes has a commit of its own. */
  readonly aloneBytes?: number
  /** The longest pause before blocked work is tried again; default 8. */
  readonly mostPauseMs?: number
  /** How much may wait at once; default 10 000 works and 64 MiB. */
  readonly maxEntries?: number
  readonly maxBytes?: number
}

/**
 * The one way in which a handle writes. Whatever is issued in one turn of the event loop, or arrives while a commit is
 * under way, goes into the next commit together, in the order of issue; a caller who is alone waits for nobody. Bounded;
 * every work settles by its deadline.
 */
export class CommitQueue {
  readonly #options: CommitQueueOptions
  readonly #room: Room
  readonly #order = new CallOrder()
  #waiting = new Set<QueuedWork>()
  #sent: readonly QueuedWork[] = []
  #running = false
  #closed = false
  #onIdle: (() => void) | null = null

  constructor(options: CommitQueueOptions) {
    this.#options = options
    this.#room = new Room(options.maxEntries, options.maxBytes)
  }

  /** Queues work; the promise settles after its commit, or with the error that kept it from being written. */
  push(work: Work): Promise<readonly unknown[]> {
    if (this.#closed) return Promise.reject(new ClosedError())
    const refusal = this.#room.take(work.bytes)
    if (refusal !== null) return Promise.reject(refusal)
    const queued = new QueuedWork(work, () => this.#forget(queued))
    this.#waiting.add(queued)
    this.#order.add(queued)
    if (!this.#running) {
      this.#running = true
      nextTurn(() => void this.#run())
    }
    return queued.answer
  }

  /** The earlier writes that a read must wait for; undefined: none. */
  earlier(call: Pick<Call, 'protocol' | 'ids' | 'whole'>): Promise<unknown> | undefined {
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
    for (let misses = 0; this.#waiting.size > 0;) {
      misses = (await this.#commit()) ? 0 : misses + 1
      if (misses > 0) await pause(misses, this.#options.mostPauseMs ?? 8)
      // lets the callers who have their answers issue their next writes, and others run
      else await new Promise<void>(nextTurn)
    }
    clearInterval(timer)
    this.#running = false
    this.#onIdle?.()
  }

  /** @returns false where all that was sent is blocked. */
  async #commit(): Promise<boolean> {
    if (!(await this.#isReady())) return true
    this.#expire(0)
    const sent = this.#take()
    if (sent.length === 0) return true
    this.#sent = sent
    const start = performance.now()
    let results: readonly WorkResult[]
    try {
      results = await this.#options.commit(sent.map(({ work }) => work))
    } catch (error) {
      results = sent.map(() => ({ error: copyOf(error) }))
    }
    const back = sent.filter((queued, index) => !queued.settle(results[index] ?? 'again'))
    this.#sent = []
    if (back.length > 0) this.#waiting = new Set([...back, ...this.#waiting])
    // one more attempt would take as long, and nothing could be said of it in time
    if (back.length > 0) this.#expire(performance.now() - start)
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

  #take(): QueuedWork[] {
    const { mostWorks = 128, mostBytes = 1024 * 1024, aloneBytes = Infinity } = this.#options
    const taken: QueuedWork[] = []
    let bytes = 0
    for (const queued of this.#waiting) {
      const isLarge = queued.work.bytes > aloneBytes
      if (taken.length > 0 && (isLarge || taken.length >= mostWorks || bytes >= mostBytes)) break
      this.#waiting.delete(queued)
      taken.push(queued)
      queued.send()
      bytes += queued.work.bytes
      if (isLarge) break
    }
    return taken
  }

  /** Gives up what is late, or would be after another attempt. */
  #expire(attemptMs: number): void {
    const now = performance.now()
    for (const queued of [...this.#sent, ...this.#waiting]) queued.expire(now, attemptMs)
  }

  #forget(queued: QueuedWork): void {
    this.#order.remove(queued)
    this.#waiting.delete(queued)
    this.#room.free(queued.work.bytes)
  }
}
