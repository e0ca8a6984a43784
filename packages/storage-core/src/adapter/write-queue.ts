import { CallOrder } from './call-order.ts'
import type { Call, Work } from './call.ts'
import { nextTurn } from './deadline.ts'
import { Pending, type QueueEntry } from './queue-entry.ts'
import { ClosedError, ResourceContentionError } from '../errors/index.ts'
import { copyOf } from '../errors/storage-error.ts'
import { Room } from './room.ts'

export interface WriteQueueOptions {
  /** Commits some of what waits, by `take`; called again until nothing waits. It settles every entry it took. */
  readonly flush: (queue: WriteQueue) => Promise<void> | void
  readonly maxEntries?: number
  readonly maxBytes?: number
}

/**
 * Lets concurrent writes of one process share a commit. Everything issued in one turn of the event loop, and
 * whatever arrives while a commit is under way, goes into the next one, in the order of issue; a caller who is
 * alone waits for nobody. Bounded; every entry settles within its deadline.
 */
export class WriteQueue {
  readonly #flush: WriteQueueOptions['flush']
  readonly #room: Room
  #waiting = new Set<Pending>()
  readonly #sent = new Set<Pending>()
  readonly #order = new CallOrder()
  #running = false
  #closed = false
  #attempts = 0
  #onIdle: (() => void) | null = null

  constructor({ flush, maxEntries, maxBytes }: WriteQueueOptions) {
    this.#flush = flush
    this.#room = new Room(maxEntries, maxBytes)
  }

  /** Queues work; the promise settles after its commit, or with the error that kept it from being written. */
  push(work: Work): Promise<readonly unknown[]> {
    if (this.#closed) return Promise.reject(new ClosedError())
    const refusal = this.#room.take(work.bytes)
    if (refusal !== null) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      const entry: Pending = new Pending(work, {
        resolve: (answers) => this.#settle(entry) && resolve(answers),
        reject: (error) => this.#settle(entry) && reject(error as Error),
      })
      this.#waiting.add(entry)
      this.#order.add(entry)
      if (!this.#running) {
        this.#running = true
        nextTurn(() => void this.#run())
      }
    })
  }

  /**
   * Takes entries out of the waiting ones, in the order of issue: they are being sent now. At most `most` of them, and
   * no more once they come to `bytes`, but always one.
   */
  take(most: number, bytes = Infinity): QueueEntry[] {
    this.#expire() // what is too late is not sent
    const entries: Pending[] = []
    let taken = 0
    for (const entry of this.#waiting) {
      if (entries.length >= most || taken >= bytes) break
      taken += entry.work.bytes
      entry.sent = true
      entries.push(entry)
      this.#waiting.delete(entry)
      this.#sent.add(entry)
    }
    this.#attempts = 0
    return entries
  }

  /**
   * Takes back what certainly was not written; it waits before all the rest, in the order in which it was taken. Of
   * the `contended`, which another holder's exclusive access kept from it, those leave whose time for that is over.
   */
  putBack(entries: ReadonlySet<QueueEntry>, contended: ReadonlySet<QueueEntry>): void {
    const back = [...this.#sent].filter((entry) => entries.has(entry))
    for (const entry of back) {
      entry.sent = false
      this.#sent.delete(entry)
      if (contended.has(entry)) entry.wait()
    }
    this.#waiting = new Set([...back, ...this.#waiting])
    this.#attempts++
    this.#expire()
  }

  /**
   * Tells that another holder's exclusive access kept the flush from starting: whoever's time for that is over
   * leaves (an acquire with null). @returns whether anything still waits.
   */
  contended(): boolean {
    this.#attempts++
    for (const entry of this.#waiting) entry.wait()
    this.#expire()
    return this.#waiting.size > 0
  }

  /** What a read must wait for; undefined: nothing. */
  earlierWrites(call: Pick<Call, 'protocol' | 'ids' | 'concernsAll'>): Promise<unknown> | undefined {
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
    for (const entry of [...this.#sent, ...this.#waiting])
      entry.reject(new ClosedError({ outcome: entry.sent ? 'unknown' : 'not-applied' }))
  }

  async #run(): Promise<void> {
    while (this.#waiting.size > 0) {
      const timer = setInterval(() => this.#expire(), 10)
      try {
        await this.#flush(this)
      } catch (error) {
        // a flush settles what it took; where it could not even say so, nobody may wait for ever
        const stuck = this.#sent.size > 0 ? this.#sent : this.#waiting
        for (const entry of stuck) entry.reject(copyOf(error))
      } finally {
        clearInterval(timer)
      }
      await new Promise<void>(nextTurn) // let the acknowledged callers issue their next writes, and others run
    }
    this.#running = false
    this.#onIdle?.()
  }

  #expire(): void {
    const now = performance.now()
    for (const entry of this.#waiting) {
      const { deadline, accessDeadline, atomic } = entry.work
      if (entry.contended && accessDeadline !== null && now >= accessDeadline) {
        if (atomic) entry.reject(new ResourceContentionError(this.#attempts))
        else entry.resolve([null])
      } else if (now >= deadline)
        entry.reject(entry.contended ? new ResourceContentionError(this.#attempts) : entry.late(now))
    }
    for (const entry of this.#sent) if (now >= entry.work.deadline) entry.reject(entry.late(now))
  }

  /** Forgets an entry. @returns false if it was settled before. */
  #settle(entry: Pending): boolean {
    if (entry.isSettled) return false
    entry.settle()
    this.#order.remove(entry)
    this.#waiting.delete(entry)
    this.#sent.delete(entry)
    this.#room.free(entry.work.bytes)
    return true
  }
}
