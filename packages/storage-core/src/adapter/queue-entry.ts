import type { Ordered } from './call-order.ts'
import type { Call, Work } from './call.ts'
import { type StorageError, TimeoutError } from '../errors/index.ts'

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
  sent = false
  isSettled = false
  contended = false
  /** Made only where somebody waits. */
  #settled: PromiseWithResolvers<void> | undefined
  #passed: PromiseWithResolvers<void> | undefined

  constructor(work: Work, outcome: Pick<QueueEntry, 'resolve' | 'reject'>) {
    this.work = work
    this.resolve = outcome.resolve
    this.reject = outcome.reject
  }

  get calls(): readonly Call[] {
    return this.work.calls
  }

  settled(): Promise<void> {
    if (this.isSettled) return Promise.resolve()
    this.#settled ??= Promise.withResolvers()
    return this.#settled.promise
  }

  passed(): Promise<void> {
    const waits = this.contended && this.work.accessDeadline !== null
    if (this.isSettled || waits) return Promise.resolve()
    this.#passed ??= Promise.withResolvers()
    return this.#passed.promise
  }

  wait(): void {
    this.contended = true
    if (this.work.accessDeadline !== null) this.#passed?.resolve()
  }

  settle(): void {
    this.isSettled = true
    this.#settled?.resolve()
    this.#passed?.resolve()
  }

  /** Why it is given up at `now`, its deadline. */
  late(now: number): StorageError {
    const waited = now - this.pushedAt
    if (this.sent) return new TimeoutError(waited, 'answer', { outcome: 'unknown' })
    return new TimeoutError(waited, 'queue')
  }
}
