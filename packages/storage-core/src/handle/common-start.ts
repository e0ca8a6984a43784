/** Imports that begin together or not at all: each marks its store, and goes on only when every other has done so too. */
export class CommonStart {
  readonly #opened = Promise.withResolvers<void>()
  readonly #all = Promise.withResolvers<void>()
  readonly #count: number
  readonly #begun = new Set<object>()
  #isOpen = false

  constructor(count: number) {
    this.#count = count
    for (const { promise } of [this.#opened, this.#all]) promise.catch(() => {}) // whoever waits is told
  }

  /** There is something to import: all may begin. Resolves when they have. */
  open(): Promise<void> {
    this.#isOpen = true
    this.#opened.resolve()
    return this.#all.promise
  }

  /** Resolves when one may begin; rejects where there is nothing to begin with. */
  get opened(): Promise<void> {
    return this.#opened.promise
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** The import from `records` has begun. Resolves when all have; rejects where one could not. */
  join(records: object): Promise<void> {
    this.#begun.add(records)
    if (this.#begun.size === this.#count) this.#all.resolve()
    return this.#all.promise
  }

  fail(error: unknown): void {
    this.#opened.reject(error)
    this.#all.reject(error)
  }
}

const starts = new WeakMap<object, CommonStart>()

/** Lets an import from `records` begin with others. */
export function startTogether(records: object, start: CommonStart): void {
  starts.set(records, start)
}

export function commonStartOf(records: unknown): CommonStart | undefined {
  return typeof records === 'object' && records !== null ? starts.get(records) : undefined
}
