import { ClosedError } from '../errors/index.ts'

/** A call that has not been answered. */
export interface UnderWay {
  readonly isWrite: boolean
  /** Whether the driver has it. */
  hasBegun: boolean
  /** What the caller waits for; undefined: it is answered. The set may refer to the call for long after that. */
  outcome: Pick<PromiseWithResolvers<unknown>, 'promise' | 'reject'> | undefined
}

/** Every call of a handle that somebody waits for, so that closing it leaves none behind. */
export class CallsUnderWay {
  readonly #calls = new Set<UnderWay>()

  track<T>(isWrite: boolean, act: (call: UnderWay) => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const call: UnderWay = { isWrite, hasBegun: false, outcome: { promise, reject } }
    this.#calls.add(call)
    act(call).then(
      (answer) => {
        this.#forget(call)
        resolve(answer)
      },
      (error: unknown) => {
        this.#forget(call)
        reject(error)
      },
    )
    return promise
  }

  #forget(call: UnderWay): void {
    this.#calls.delete(call)
    call.outcome = undefined
  }

  has(call: UnderWay): boolean {
    return this.#calls.has(call)
  }

  /** Waits for the writes that are under way now. */
  async writes(): Promise<void> {
    const writes = [...this.#calls].filter(({ isWrite }) => isWrite)
    await Promise.allSettled(
      writes.flatMap(({ outcome }) => (outcome === undefined ? [] : [outcome.promise])),
    )
  }

  /** Rejects those that `concerns` holds for; what the driver has of writes may still happen. */
  giveUp(concerns: (call: UnderWay) => boolean): void {
    for (const call of this.#calls) {
      if (!concerns(call)) continue
      const { outcome } = call
      this.#forget(call)
      outcome?.reject(new ClosedError({ outcome: call.isWrite && call.hasBegun ? 'unknown' : 'not-applied' }))
    }
  }
}
