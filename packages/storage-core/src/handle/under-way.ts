import { ClosedError } from '../errors/index.ts'

/** A call that has not been answered. */
export interface UnderWay {
  readonly answer: Promise<unknown>
  readonly isWrite: boolean
  /** Whether the driver has it. */
  hasBegun: boolean
  reject(error: Error): void
}

/** Every call of a handle that somebody waits for, so that closing it leaves none behind. */
export class CallsUnderWay {
  readonly #calls = new Set<UnderWay>()

  track<T>(isWrite: boolean, act: (call: UnderWay) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const call: UnderWay = { answer: promise, isWrite, hasBegun: false, reject }
    this.#calls.add(call)
    act(call).then(
      (answer) => {
        this.#calls.delete(call)
        resolve(answer)
      },
      (error: unknown) => {
        this.#calls.delete(call)
        reject(error)
      },
    )
    return promise
  }

  has(call: UnderWay): boolean {
    return this.#calls.has(call)
  }

  /** Waits for the writes that are under way now. */
  async writes(): Promise<void> {
    const writes = [...this.#calls].filter(({ isWrite }) => isWrite)
    await Promise.allSettled(writes.map(({ answer }) => answer))
  }

  /** Rejects those that `concerns` holds for; what the driver has of writes may still happen. */
  giveUp(concerns: (call: UnderWay) => boolean): void {
    for (const call of this.#calls) {
      if (!concerns(call)) continue
      this.#calls.delete(call)
      call.reject(new ClosedError({ outcome: call.isWrite && call.hasBegun ? 'unknown' : 'not-applied' }))
    }
  }
}
