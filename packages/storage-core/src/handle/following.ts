import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageDriver, Watching } from '../adapter/driver.ts'
import type { Changes } from '../protocols/protocol.ts'

/** How long nobody looks at the log where no change is told, … */
const POLL_MS = 50
/** … and where changes are told, but one could have been lost on its way. */
const SAFETY_MS = 1_000
/** Those who follow a busy log look no oftener: otherwise they take the time of those who write it. */
const LEAST_MS = 5

/** Those who follow the log of one handle: one watch for all of them, as long as there are any. */
export class Following {
  readonly #watch: StorageDriver['watch']
  #followers = 0
  #isClosed = false
  #watching: Watching | undefined
  #timer: NodeJS.Timeout | undefined
  #toldAt = -Infinity
  #next: PromiseWithResolvers<void> = Promise.withResolvers()

  constructor(driver: StorageDriver, closed: Promise<never>) {
    this.#watch = driver.watch?.bind(driver)
    closed.catch(() => this.#close())
  }

  readonly join = (): Changes => {
    if (this.#followers++ === 0 && !this.#isClosed) {
      this.#watching = this.#watch?.(this.#changed)
      this.#wait(this.#pollMs)
    }
    let isOver = false
    return {
      // whoever still asks then, in the course of an effect, is the only one to keep anything busy
      next: () => (this.#isClosed ? sleep(POLL_MS) : this.#next.promise),
      wake: () => this.#tell(),
      stop: () => {
        if (!isOver) this.#leave()
        isOver = true
      },
    }
  }

  #leave(): void {
    if (--this.#followers === 0) this.#end()
  }

  /** Whoever waits finds out when it reads; whoever does not read any more keeps nothing busy. */
  #close(): void {
    this.#isClosed = true
    this.#tell()
    this.#end()
  }

  #end(): void {
    this.#watching?.stop()
    clearTimeout(this.#timer)
  }

  readonly #changed = (): void => {
    const left = this.#toldAt + LEAST_MS - performance.now()
    if (left <= 0) this.#tell()
    else this.#wait(left)
  }

  readonly #tell = (): void => {
    this.#toldAt = performance.now()
    this.#next.resolve()
    this.#next = Promise.withResolvers()
    this.#wait(this.#pollMs)
  }

  get #pollMs(): number {
    return this.#watching?.isLive === true ? SAFETY_MS : POLL_MS
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#followers > 0 && !this.#isClosed) this.#timer = setTimeout(this.#tell, ms)
  }
}
