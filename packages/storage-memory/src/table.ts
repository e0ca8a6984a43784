/**
 * Values by key. A key that goes leaves a gap, which costs nothing when it comes again: a Map keeps each of its deletions until
 * it grows, and goes through all of them for that key. When gaps are more than the rest, they go.
 */
export class Table<Value> {
  #values = new Map<string, Value | undefined>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: Value): void {
    if (this.get(key) === undefined) this.#size++
    this.#values.set(key, value)
  }

  delete(key: string): void {
    if (this.get(key) === undefined) return
    this.#values.set(key, undefined)
    this.#size--
    if (this.#values.size > 2 * this.#size + 16) this.#values = new Map(this)
  }

  /** In no particular order; what goes meanwhile does not come. */
  *[Symbol.iterator](): Generator<[string, Value]> {
    for (const key of this.#values.keys()) {
      const value = this.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  *values(): Generator<Value> {
    for (const [, value] of this) yield value
  }
}
