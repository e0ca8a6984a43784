/** The index of the first of `sorted` that is not before; those that are stand at its beginning. */
export function firstFrom<T>(sorted: readonly T[], isBefore: (one: T) => boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(sorted[middle] as T)) low = middle + 1
    else high = middle
  }
  return low
}

/** Values in the order of their keys, which are parts of them, or all of it, and of which no two are equal. */
export class Sorted<T extends Key, Key = T> {
  readonly #values: T[] = []
  readonly #compare: (one: Key, other: Key) => number

  constructor(compare: (one: Key, other: Key) => number) {
    this.#compare = compare
  }

  add(value: T): void {
    this.#values.splice(this.#from(value), 0, value)
  }

  remove(value: T): void {
    this.#values.splice(this.#from(value), 1)
  }

  /** At most `count` of those that come after a key, which need not be there; null: from the first on. */
  after(key: Key | null, count: number): T[] {
    const first = key === null ? 0 : firstFrom(this.#values, (one) => this.#compare(one, key) <= 0)
    return this.#values.slice(first, first + count)
  }

  #from(value: T): number {
    return firstFrom(this.#values, (one) => this.#compare(one, value) < 0)
  }
}
