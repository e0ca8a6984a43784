import type { Call, Work } from './call.ts'
import {
  ClosedError,
  ResourceContentionError,
  type StorageError,
  TimeoutError,
  UnavailableError,
  ValueTooLargeError,
} from './errors.ts'

/** What waits in the queue, or is on its way to the store. */
export interface QueueEntry {
  readonly work: Work
  resolve(answers: readonly unknown[]): void
  reject(error: unknown): void
}

interface Pending extends QueueEntry {
  readonly pushedAt: number
  sent: boolean
  done: boolean
  /** Called once the entry is settled, or (for reads that do not wait for acquires) waits for another holder. */
  readonly onPassed: (() => void)[]
  contended: boolean
}

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
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #waiting = new Set<Pending>()
  readonly #sent = new Set<Pending>()
  /** The last unsettled entry by what it concerns; earlier ones settle before it. */
  readonly #last = new Map<string, Pending>()
  #bytes = 0
  #running = false
  #closed = false
  #attempts = 0
  #onIdle: (() => void) | null = null

  constructor({ flush, maxEntries = 10_000, maxBytes = 64 * 1024 * 1024 }: WriteQueueOptions) {
    this.#flush = flush
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
  }

  /** Queues work; the promise settles after its commit, or with the error that kept it from being written. */
  push(work: Work): Promise<readonly unknown[]> {
    if (this.#closed) return Promise.reject(new ClosedError())
    if (work.bytes > this.#maxBytes)
      return Promise.reject(new ValueTooLargeError('the call', work.bytes, this.#maxBytes))
    if (this.#waiting.size >= this.#maxEntries || this.#bytes + work.bytes > this.#maxBytes)
      return Promise.reject(
        new UnavailableError(
          'Too many writes wait for this store: it is slower than its callers. Try again later, or issue fewer at once.',
          'queue',
        ),
      )
    return new Promise((resolve, reject) => {
      const settle = () => this.#settled(entry)
      const entry: Pending = {
        work,
        pushedAt: performance.now(),
        sent: false,
        done: false,
        contended: false,
        onPassed: [],
        resolve: (answers) => settle() && resolve(answers),
        reject: (error) => settle() && reject(error as Error),
      }
      this.#waiting.add(entry)
      this.#bytes += work.bytes
      for (const key of keysOf(work)) this.#last.set(key, entry)
      if (!this.#running) {
        this.#running = true
        setImmediate(() => void this.#run())
      }
    })
  }

  /** Takes at most `most` entries, in the order of issue, out of the waiting ones: they are being sent now. */
  take(most: number): QueueEntry[] {
    const entries = this.#waiting.values().take(most).toArray()
    for (const entry of entries) {
      entry.sent = true
      this.#waiting.delete(entry)
      this.#sent.add(entry)
    }
    this.#attempts = 0
    return entries
  }

  /**
   * Tells that another holder's exclusive access kept the flush from starting: whoever's time for that is over
   * leaves (an acquire with null). @returns whether anything still waits.
   */
  contended(): boolean {
    this.#attempts++
    for (const entry of this.#waiting) {
      entry.contended = true
      if (entry.work.accessDeadline !== null) pass(entry)
    }
    this.#expire()
    return this.#waiting.size > 0
  }

  /** What a read must wait for: the earlier writes to the same protocol and ids. Undefined: nothing. */
  earlierWrites({ protocol, ids }: Call): Promise<void> | undefined {
    if (this.#last.size === 0) return undefined
    const waits: Promise<void>[] = []
    const wait = (key: string, orContended: boolean): void => {
      const entry = this.#last.get(key)
      if (entry !== undefined && !(orContended && entry.contended)) waits.push(passed(entry, orContended))
    }
    if (ids === null) {
      wait(protocol, false)
      wait(`${protocol}?`, true) // a list does not wait for an acquire that waits for somebody else
    } else for (const key of ['*', ...ids.map((id) => `:${id}`)]) wait(protocol + key, false)
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
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
      const flushing = this.#flush(this)
      if (flushing !== undefined) {
        const timer = setInterval(() => this.#expire(), 10)
        await flushing.finally(() => clearInterval(timer))
      }
      await new Promise(setImmediate) // let the acknowledged callers issue their next writes, and others run
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
        entry.reject(
          entry.contended
            ? new ResourceContentionError(this.#attempts)
            : late(entry, now, 'waiting in the write queue'),
        )
    }
    for (const entry of this.#sent)
      if (now >= entry.work.deadline) entry.reject(late(entry, now, 'waiting for the store'))
  }

  /** Forgets an entry. @returns false if it was settled before. */
  #settled(entry: Pending): boolean {
    if (entry.done) return false
    entry.done = true
    this.#waiting.delete(entry)
    this.#sent.delete(entry)
    this.#bytes -= entry.work.bytes
    for (const key of keysOf(entry.work)) if (this.#last.get(key) === entry) this.#last.delete(key)
    pass(entry)
    return true
  }
}

function late({ pushedAt, sent }: Pending, now: number, phase: string): StorageError {
  return new TimeoutError(now - pushedAt, phase, { outcome: sent ? 'unknown' : 'not-applied' })
}

function pass(entry: Pending): void {
  for (const tell of entry.onPassed.splice(0)) tell()
}

/** Until the entry is settled; with `orContended`, or waits for another holder. */
function passed(entry: Pending, orContended: boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => void (entry.done || orContended ? resolve() : entry.onPassed.push(look))
    entry.onPassed.push(look)
  })
}

/** Per call: its protocol (`?`: an acquire that may wait), and its ids, or `*` for all of the protocol. */
function* keysOf({ calls, accessDeadline }: Work): Iterable<string> {
  for (const { protocol, operation, ids } of calls) {
    yield operation === 'acquire' && accessDeadline !== null ? `${protocol}?` : protocol
    if (ids === null) yield `${protocol}*`
    else for (const id of ids) yield `${protocol}:${id}`
  }
}
