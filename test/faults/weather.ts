import { setTimeout as sleep } from 'node:timers/promises'
import { FAULTS, type Fault } from './proxy/fault.ts'

/** Faults by chance: at any exchange, any of them, for any time up to twice the deadline. */
export class Weather {
  readonly #random: () => number
  readonly #share: number
  readonly #deadlineMs: number
  readonly #open = new Set<Promise<void>>()
  #isCalm = true
  #count = 0

  /** @param share of the exchanges that something happens to. */
  constructor(random: () => number, share: number, deadlineMs: number) {
    this.#random = random
    this.#share = share
    this.#deadlineMs = deadlineMs
  }

  /** How many faults there were. */
  get count(): number {
    return this.#count
  }

  begin(): void {
    this.#isCalm = false
  }

  end(): void {
    this.#isCalm = true
  }

  readonly choose = (): Fault | null => {
    if (this.#isCalm || this.#random() >= this.#share) return null
    const name = FAULTS[Math.floor(this.#random() * FAULTS.length)] ?? 'cut after'
    const most = name === 'slow' ? 0.3 : 2
    const until = sleep(this.#random() * most * this.#deadlineMs)
    const { promise: isOver, resolve: over } = Promise.withResolvers<void>()
    this.#open.add(isOver)
    void isOver.then(() => this.#open.delete(isOver))
    this.#count++
    return { name, until, isOver, over }
  }

  /** Resolves when the faults that go on now are over. */
  async settle(): Promise<void> {
    await Promise.all(this.#open)
  }
}
