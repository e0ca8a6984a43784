import type { Call } from './call.ts'

/** A write that later calls may have to wait for. */
export interface Ordered {
  readonly calls: readonly Call[]
  /** Resolves when it is settled, well or not. */
  settled(): Promise<void>
  /** As `settled`, but an acquire's resolves too when it begins to wait for another holder. */
  passed(): Promise<void>
}

/** The order of calls on one handle: which unsettled writes a later call must wait for. */
export class CallOrder {
  /** By protocol, and by protocol and id. */
  readonly #lines = new Map<string, Line>()

  add(write: Ordered): void {
    for (const { protocol, ids } of write.calls) {
      this.#add(protocol, write, (one) => one.passed())
      for (const id of ids) this.#add(`${protocol}:${id}`, write, (one) => one.settled())
    }
  }

  /** Forgets a write that is settled. */
  remove(write: Ordered): void {
    for (const { protocol, ids } of write.calls) {
      this.#remove(protocol, write)
      for (const id of ids) this.#remove(`${protocol}:${id}`, write)
    }
  }

  /**
   * The end of the earlier writes to the ids of `call` and (where it asks for a list or a sum) to all of its protocol,
   * but for acquires of other ids that wait for somebody else. Undefined: none.
   */
  earlier({ protocol, ids, whole }: Pick<Call, 'protocol' | 'ids' | 'whole'>): Promise<unknown> | undefined {
    if (this.#lines.size === 0) return undefined
    const lines = ids.map((id) => this.#lines.get(`${protocol}:${id}`))
    if (whole) lines.push(this.#lines.get(protocol))
    return allOf(lines.map((line) => line?.end()))
  }

  #add(key: string, write: Ordered, endOf: (write: Ordered) => Promise<void>): void {
    const line = this.#lines.get(key) ?? new Line(endOf)
    this.#lines.set(key, line)
    line.add(write)
  }

  #remove(key: string, write: Ordered): void {
    const line = this.#lines.get(key)
    line?.remove(write)
    if (line?.isEmpty === true) this.#lines.delete(key)
  }
}

/**
 * Writes one after another. Whoever asks for their end shares it with all who asked before, and adds only the writes
 * since: each is waited for once, however many wait behind it.
 */
class Line {
  readonly #endOf: (write: Ordered) => Promise<void>
  readonly #unsettled = new Set<Ordered>()
  /** Those that came after the last who asked. */
  readonly #latest = new Set<Ordered>()
  #end: Promise<unknown> | undefined

  constructor(endOf: (write: Ordered) => Promise<void>) {
    this.#endOf = endOf
  }

  get isEmpty(): boolean {
    return this.#unsettled.size === 0
  }

  add(write: Ordered): void {
    this.#unsettled.add(write)
    this.#latest.add(write)
  }

  remove(write: Ordered): void {
    this.#unsettled.delete(write)
    this.#latest.delete(write)
  }

  end(): Promise<unknown> | undefined {
    this.#end = allOf([this.#end, ...Array.from(this.#latest, this.#endOf)])
    this.#latest.clear()
    return this.#end
  }
}

/** When all of them have resolved; undefined where there is nothing to wait for. */
export function allOf(waits: readonly (Promise<unknown> | undefined)[]): Promise<unknown> | undefined {
  const there = waits.filter((wait) => wait !== undefined)
  return there.length < 2 ? there[0] : Promise.all(there)
}
