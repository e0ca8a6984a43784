import { settleBy } from '@dir/storage-core/adapter'
import { noClient } from './wire.ts'

const CROWDED_MS = 5_000

/** Who may have a connection now, in the order of arrival: so many at a time, and fewer while the server has no room. */
export class Turns {
  readonly #most: number
  #fewer = Infinity
  #crowdedUntil = 0
  #crowd: unknown = null
  #in = 0
  readonly #queue = new Set<() => void>()
  /** Tells those who wait, for their turn or in it, that there will be none. */
  readonly #waiting = new Set<(reason: Error) => void>()

  constructor(most: number) {
    this.#most = most
  }

  /** The server had no room a moment ago, and nobody waits here. */
  get isSpare(): boolean {
    return this.#queue.size === 0 && performance.now() < this.#crowdedUntil
  }

  async enter(deadline: number): Promise<void> {
    if (this.#in < this.#limit && this.#queue.size === 0) {
      this.#in++
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#queue.add(resolve)
    try {
      await this.within(deadline, promise)
    } catch (error) {
      if (!this.#queue.delete(resolve)) this.leave() // its turn had come in the same moment
      throw performance.now() < this.#crowdedUntil ? this.#crowd : error
    }
  }

  leave(): void {
    this.#in--
    for (const next of this.#queue) {
      if (this.#in >= this.#limit) return
      this.#queue.delete(next)
      this.#in++
      next()
    }
  }

  /** The server refused one more, for this reason. */
  narrow(reason: unknown): void {
    this.#crowd = reason
    this.#crowdedUntil = performance.now() + CROWDED_MS
    this.#fewer = Math.max(1, this.#in - 1)
  }

  /** `promise`, or a rejection at the deadline or by `refuse`. */
  async within<T>(deadline: number, promise: Promise<T>): Promise<T> {
    const either = Promise.withResolvers<T>()
    promise.then(either.resolve, either.reject)
    this.#waiting.add(either.reject)
    try {
      return await settleBy(deadline, either.promise, noClient)
    } finally {
      this.#waiting.delete(either.reject)
    }
  }

  refuse(reason: Error): void {
    for (const reject of this.#waiting) reject(reason)
  }

  get #limit(): number {
    return performance.now() < this.#crowdedUntil ? Math.min(this.#most, this.#fewer) : this.#most
  }
}
