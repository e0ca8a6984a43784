import { settleBy } from '@dir/storage-core/adapter'
import type { Fault, FaultName } from './proxy/fault.ts'

const PATIENCE_MS = 60_000

/** One fault at one exchange of a call. */
export class Ambush {
  readonly #name: FaultName | null
  readonly #at: number
  readonly #slowMs: number
  readonly #held = Promise.withResolvers<void>()
  readonly #over = Promise.withResolvers<void>()
  #isSet = false
  #seen = 0

  /** @param name null: it only counts. */
  constructor(name: FaultName | null, at: number, slowMs: number) {
    this.#name = name
    this.#at = at
    this.#slowMs = slowMs
  }

  /** How many exchanges there have been since `begin`. */
  get exchanges(): number {
    return this.#seen
  }

  get hasHappened(): boolean {
    return this.#name !== null && this.#seen > this.#at
  }

  begin(): void {
    this.#isSet = true
  }

  readonly choose = (): Fault | null => {
    if (!this.#isSet) return null
    const index = this.#seen++
    if (this.#name === null || index !== this.#at) return null
    if (this.#name === 'slow') setTimeout(this.#held.resolve, this.#slowMs)
    const { promise: isOver, resolve: over } = this.#over
    return { name: this.#name, until: this.#held.promise, isOver, over }
  }

  /** Lets go of what is held back, and waits until the server has nothing left to do about it. */
  async settle(): Promise<void> {
    this.#held.resolve()
    if (!this.hasHappened) return
    const tooLong = (): Error =>
      new Error(`The server has not seen to the end of "${this.#name} ${this.#at}".`)
    await settleBy(performance.now() + PATIENCE_MS, this.#over.promise, tooLong)
  }
}
