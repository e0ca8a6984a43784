import type { Call } from './call.ts'

/** A write that others may have to wait for. */
export interface Ordered {
  readonly calls: readonly Call[]
  /** It has an acquire, and waits for another holder's exclusive access. */
  readonly waits: boolean
  readonly isSettled: boolean
  /** Calls `tell` once, when it is settled or begins to wait. */
  onChange(tell: () => void): void
}

/**
 * The order of calls on one handle: which unsettled writes a read must wait for. Of writes to one record only the
 * last is kept, since those before it settle first.
 */
export class CallOrder {
  readonly #last = new Map<string, Ordered>()

  add(write: Ordered): void {
    for (const key of keysOf(write)) this.#last.set(key, write)
  }

  remove(write: Ordered): void {
    for (const key of keysOf(write)) if (this.#last.get(key) === write) this.#last.delete(key)
  }

  /**
   * The earlier writes that `call` must see: those to its ids, or (where it asks for a list or a sum) all of its
   * protocol, but for acquires of other ids that wait for somebody else. Undefined: none.
   */
  earlier({ protocol, ids, whole }: Call): Promise<void> | undefined {
    if (this.#last.size === 0) return undefined
    const waits: Promise<void>[] = []
    const wait = (key: string, orWaiting: boolean): void => {
      const write = this.#last.get(key)
      if (write !== undefined && !(orWaiting && write.waits)) waits.push(passed(write, orWaiting))
    }
    for (const id of ids) wait(`${protocol}:${id}`, false)
    if (whole) {
      wait(protocol, false)
      wait(`${protocol}?`, true)
    }
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
  }
}

/** Until the write is settled; with `orWaiting`, or waits for another holder. */
function passed(write: Ordered, orWaiting: boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (write.isSettled || orWaiting) resolve()
      else write.onChange(look)
    }
    write.onChange(look)
  })
}

/** Per call: its ids, and its protocol, with `?` for an acquire, which may wait. */
function* keysOf({ calls }: Ordered): Iterable<string> {
  for (const { protocol, operation, ids } of calls) {
    yield operation === 'acquire' ? `${protocol}?` : protocol
    for (const id of ids) yield `${protocol}:${id}`
  }
}
