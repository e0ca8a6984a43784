/** The index of the first of `sorted` whose key is `key` or comes after it. */
export function firstFrom<T, Key extends string | number>(
  sorted: readonly T[],
  key: Key,
  keyOf: (one: T) => Key,
): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (keyOf(sorted[middle] as T) < key) low = middle + 1
    else high = middle
  }
  return low
}
