import type { Ordered } from './call-order.ts'
import type { Call, Work } from './call.ts'
import { type StorageError, TimeoutError } from '../errors.ts'

/** What waits in the queue, or is on its way to the store. */
export interface QueueEntry {
  readonly work: Work
  resolve(answers: readonly unknown[]): void
  reject(error: unknown): void
  /** Tells that another holder's exclusive access keeps it from being written: lists do not wait for it any more. */
  wait(): void
}

export class Pending implements QueueEntry, Ordered {
  readonly work: Work
  readonly pushedAt: number = performance.now()
  readonly resolve: (answers: readonly unknown[]) => void
  readonly reject: (error: unknown) => void
  readonly settled: Promise<void>
  readonly passed: Promise<void>
  sent = false
  isSettled = false
  contended = false
  readonly #settle: () => void
  readonly #pass: () => void

  constructor(work: Work, outcome: Pick<QueueEntry, 'resolve' | 'reject'>) {
    this.work = work
    this.resolve = outcome.resolve
    this.reject = outcome.reject
    ;({ promise: this.settled, resolve: this.#settle } = Promise.withResolvers<void>())
    ;({ promise: this.passed, resolve: this.#pass } = Promise.withResolvers<void>())
  }

  get calls(): readonly Call[] {
    return this.work.calls
  }

  wait(): void {
    this.contended = true
    this.#pass()
  }

  settle(): void {
    this.isSettled = true
    this.#settle()
    this.#pass()
  }

  /** Why it is given up at `now`, its deadline. */
  late(now: number): StorageError {
    const waited = now - this.pushedAt
    if (this.sent) return new TimeoutError(waited, 'waiting for the store', { outcome: 'unknown' })
    return new TimeoutError(waited, 'waiting in the write queue')
  }
}
