import type { Ordered } from './call-order.ts'
import type { Call, Work } from './call.ts'
import type { Attempts } from '../errors/attempts.ts'
import { type OpenWait, beginWait, endWait } from './wait-tracing.ts'
import { InternalError, ResourceContentionError, TimeoutError, addAttempts } from '../errors/index.ts'
import { NOBODY, type TraceSource } from './messages.ts'

/** What came of one piece of work in a commit. */
export type WorkResult =
  | { readonly answers: readonly unknown[] }
  /** It was refused, or it failed; each has an error object of its own. */
  | { readonly error: unknown }
  /** Nothing of it is written, because another holder has exclusive access. It goes into the next commit. */
  | 'blocked'
  /** Nothing of it is written, for no reason of its own. It goes into the next commit. */
  | 'again'

const UNTOLD = "The adapter's commit() wrote before it called sending(); please report it to its author."

/** What is settled is let go of: the sets that it was in may refer to it for long. */
const NOTHING: Work = { calls: [], atomic: false, bytes: 0, deadline: Infinity, accessDeadline: null }

/** Work that waits for its commit, or is in one. */
export class QueuedWork implements Ordered {
  #work: Work
  #attempts = 0
  #sentAt = 0
  #lastAttemptMs = 0
  #isSent = false
  /** Another holder's exclusive access kept it from being written. */
  isContended = false
  /** How much it takes of a commit, once it is prepared. */
  weight: number | undefined
  readonly #queuedAt = performance.now()
  #outcome: PromiseWithResolvers<readonly unknown[]> | undefined = Promise.withResolvers()
  readonly #forget: (settled: QueuedWork) => void
  readonly #source: TraceSource
  /** Somebody listens to it. */
  #held: OpenWait | undefined
  /** Made only where somebody waits. */
  #settled: PromiseWithResolvers<void> | undefined
  #passed: PromiseWithResolvers<void> | undefined

  /** `forget` is called when it is settled. */
  constructor(work: Work, forget: (settled: QueuedWork) => void, source: TraceSource = NOBODY) {
    this.#work = work
    this.#forget = forget
    this.#source = source
    this.#held = beginWait(source, work, 'queue', this.#queuedAt)
  }

  /** None of it is left once it is settled. */
  get work(): Work {
    return this.#work
  }

  get answer(): Promise<readonly unknown[]> {
    return this.#outcome?.promise ?? Promise.resolve([])
  }

  get calls(): readonly Call[] {
    return this.#work.calls
  }

  get isSettled(): boolean {
    return this.#outcome === undefined
  }

  /** It is in a commit whose outcome is not known yet. */
  get isSent(): boolean {
    return this.#isSent
  }

  /** It goes into a commit, which may yet have to wait before anything is sent. */
  take(): void {
    this.#sentAt = performance.now()
    this.#attempts++
    this.#release(this.#sentAt)
  }

  /** From now on it may be applied. */
  send(): void {
    this.#isSent = true
  }

  /** What came of its commit. @returns whether it is settled, and need not be tried again. */
  settle(result: WorkResult): boolean {
    const wasSent = this.#isSent
    this.#isSent = false
    const now = performance.now()
    this.#lastAttemptMs = now - this.#sentAt
    if (this.isSettled) return true
    if (result === 'blocked') this.#wait(now)
    else if (result === 'again') this.#held = beginWait(this.#source, this.#work, 'queue', now)
    else if ('error' in result) this.reject(result.error)
    else if (!wasSent) this.reject(new InternalError(UNTOLD, { outcome: 'unknown' }))
    else this.#end((outcome) => outcome.resolve(result.answers))
    return this.isSettled
  }

  reject(error: unknown): void {
    addAttempts(error, this.#known())
    this.#end((outcome) => outcome.reject(error as Error))
  }

  /**
   * Settles it where its time is over at `now`, or will be after another attempt as long as that.
   * @returns when to look again.
   */
  expire(now: number, attemptMs: number): number {
    const { deadline, accessDeadline, atomic } = this.work
    const isBlocked = !this.#isSent && this.isContended
    const isImpatient = isBlocked && accessDeadline !== null && now >= accessDeadline
    if (isImpatient && !atomic) this.#end((outcome) => outcome.resolve([null]))
    else if (isImpatient || now + (isBlocked ? attemptMs : 0) >= deadline) this.reject(this.#late(now))
    if (this.isSettled) return Infinity
    return accessDeadline !== null && accessDeadline > now ? Math.min(accessDeadline, deadline) : deadline
  }

  settled(): Promise<void> {
    if (this.isSettled) return Promise.resolve()
    this.#settled ??= Promise.withResolvers()
    return this.#settled.promise
  }

  passed(): Promise<void> {
    if (this.isSettled || this.#mayWaitLong) return Promise.resolve()
    this.#passed ??= Promise.withResolvers()
    return this.#passed.promise
  }

  /** It is an acquire that waits for somebody else: lists do not wait for it. */
  get #mayWaitLong(): boolean {
    return this.isContended && this.work.accessDeadline !== null
  }

  #wait(now: number): void {
    this.isContended = true
    this.#held = beginWait(this.#source, this.#work, 'access', now)
    if (this.#mayWaitLong) this.#passed?.resolve()
  }

  #release(now: number): void {
    if (this.#held !== undefined) endWait(this.#held, now)
    this.#held = undefined
  }

  #late(now: number): Error {
    const waited = now - this.#queuedAt
    if (this.#isSent) return new TimeoutError(waited, 'answer', { outcome: 'unknown' })
    return this.isContended ? new ResourceContentionError(this.#attempts) : new TimeoutError(waited, 'queue')
  }

  #known(): Attempts {
    const now = performance.now()
    const lastAttemptMs = this.#isSent ? now - this.#sentAt : this.#lastAttemptMs
    return { attempts: this.#attempts, elapsedMs: now - this.#queuedAt, lastAttemptMs }
  }

  #end(tell: (outcome: PromiseWithResolvers<readonly unknown[]>) => void): void {
    if (this.#outcome === undefined) return
    if (this.#held !== undefined) this.#release(performance.now())
    const trace = this.#work.calls[0]?.trace
    if (trace !== undefined) trace.attempts = this.#attempts
    this.#settled?.resolve()
    this.#passed?.resolve()
    this.#forget(this)
    tell(this.#outcome)
    this.#outcome = undefined
    this.#work = NOTHING
  }
}
