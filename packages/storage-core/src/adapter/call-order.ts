import type { Call } from './call.ts'

/** A write that later calls may have to wait for. */
export interface Ordered {
  readonly calls: readonly Call[]
  /** Resolves when it is settled, well or not. */
  readonly settled: Promise<void>
  /** As `settled`, but an acquire's resolves too when it begins to wait for another holder. */
  readonly passed: Promise<void>
}

/** The order of calls on one handle: which unsettled writes a later call must wait for. */
export class CallOrder {
  /** By what was written, the end of everything written to it so far. */
  readonly #ends = new Map<string, Promise<unknown>>()

  add({ calls, settled, passed }: Ordered): void {
    for (const { protocol, operation, ids } of calls) {
      if (operation === 'acquire') this.#append(`${protocol}?`, passed)
      else this.#append(protocol, settled)
      for (const id of ids) this.#append(`${protocol}:${id}`, settled)
    }
  }

  /**
   * The earlier writes to the ids of `call` and (where it asks for a list or a sum) to all of its protocol, but for
   * acquires of other ids that wait for somebody else. Undefined: none.
   */
  earlier({ protocol, ids, whole }: Pick<Call, 'protocol' | 'ids' | 'whole'>): Promise<unknown> | undefined {
    if (this.#ends.size === 0) return undefined
    const keys = ids.map((id) => `${protocol}:${id}`)
    if (whole) keys.push(protocol, `${protocol}?`)
    const ends = keys.map((key) => this.#ends.get(key)).filter((end) => end !== undefined)
    return ends.length === 0 ? undefined : Promise.all(ends)
  }

  #append(key: string, end: Promise<void>): void {
    const before = this.#ends.get(key)
    const both = before === undefined ? end : Promise.all([before, end])
    this.#ends.set(key, both)
    void both.then(() => this.#ends.get(key) === both && this.#ends.delete(key))
  }
}
