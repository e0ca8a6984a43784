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
  readonly #unsettled = new Map<string, Set<Ordered>>()

  add(write: Ordered): void {
    for (const key of keysOf(write)) {
      const there = this.#unsettled.get(key)
      if (there === undefined) this.#unsettled.set(key, new Set([write]))
      else there.add(write)
    }
  }

  /** Forgets a write that is settled. */
  remove(write: Ordered): void {
    for (const key of keysOf(write)) {
      const there = this.#unsettled.get(key)
      if (there?.delete(write) === true && there.size === 0) this.#unsettled.delete(key)
    }
  }

  /**
   * The end of the earlier writes to the ids of `call` and (where it asks for a list or a sum) to all of its protocol,
   * but for acquires of other ids that wait for somebody else. Undefined: none.
   */
  earlier({ protocol, ids, whole }: Pick<Call, 'protocol' | 'ids' | 'whole'>): Promise<unknown> | undefined {
    if (this.#unsettled.size === 0) return undefined
    const waits: Promise<void>[] = []
    for (const id of ids)
      for (const write of this.#unsettled.get(`${protocol}:${id}`) ?? []) waits.push(write.settled())
    if (whole) for (const write of this.#unsettled.get(protocol) ?? []) waits.push(write.passed())
    return waits.length === 0 ? undefined : Promise.all(waits)
  }
}

function* keysOf({ calls }: Ordered): Iterable<string> {
  for (const { protocol, ids } of calls) {
    yield protocol
    for (const id of ids) yield `${protocol}:${id}`
  }
}
