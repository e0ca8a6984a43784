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
  readonly #protocols = new Map<string, Lines>()

  add(write: Ordered): void {
    for (const { protocol, ids } of write.calls) {
      let lines = this.#protocols.get(protocol)
      if (lines === undefined) this.#protocols.set(protocol, (lines = new Lines()))
      lines.all.add(write)
      for (const id of ids) {
        if (lines.byId.has(id)) lines.of(id)?.add(write)
        else lines.byId.set(id, write)
      }
    }
  }

  /** Forgets a write that is settled. */
  remove(write: Ordered): void {
    for (const { protocol, ids } of write.calls) {
      const lines = this.#protocols.get(protocol)
      lines?.all.remove(write)
      for (const id of ids) {
        const there = lines?.byId.get(id)
        if (there === write || (there instanceof Line && there.remove(write).isEmpty)) lines?.byId.delete(id)
      }
    }
  }

  /**
   * The end of the earlier writes to the ids of `call` and (where it asks for a list or a sum) to all of its protocol,
   * but for acquires of other ids that wait for somebody else. Undefined: none.
   */
  earlier({
    protocol,
    ids,
    concernsAll,
  }: Pick<Call, 'protocol' | 'ids' | 'concernsAll'>): Promise<unknown> | undefined {
    const lines = this.#protocols.get(protocol)
    if (lines === undefined || lines.all.isEmpty) return undefined
    const ends = ids.map((id) => lines.of(id)?.end())
    if (concernsAll) ends.push(lines.all.end())
    return allOf(ends)
  }
}

/** The writes of one protocol. Most ids have one that nobody asks for: such a one needs no line. */
class Lines {
  readonly all = new Line((write) => write.passed())
  readonly byId = new Map<string, Ordered | Line>()

  of(id: string): Line | undefined {
    const there = this.byId.get(id)
    if (there === undefined || there instanceof Line) return there
    const line = new Line((write) => write.settled()).add(there)
    this.byId.set(id, line)
    return line
  }
}

/**
 * Writes one after another. Whoever asks for their end shares it with all who asked before, and adds only the writes
 * since: each is waited for once, however many wait behind it.
 */
class Line {
  readonly #endOf: (write: Ordered) => Promise<void>
  #unsettled = 0
  /** Those that came after the last who asked. */
  readonly #latest = new Set<Ordered>()
  #end: Promise<unknown> | undefined

  constructor(endOf: (write: Ordered) => Promise<void>) {
    this.#endOf = endOf
  }

  get isEmpty(): boolean {
    return this.#unsettled === 0
  }

  add(write: Ordered): this {
    this.#unsettled++
    this.#latest.add(write)
    return this
  }

  remove(write: Ordered): this {
    this.#latest.delete(write)
    if (--this.#unsettled === 0) this.#end = undefined
    return this
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
