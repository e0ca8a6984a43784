import { type LeafRange, hashNode, splitOf } from './merkle-tree.ts'

/** The subtrees whose roots lead from a leaf to the root of a tree of that size, the lowest first: RFC 9162, 2.1.3.1. */
export function inclusionRanges(index: number, size: number): LeafRange[] {
  const ranges: LeafRange[] = []
  for (let [start, end] = [0, size]; end - start > 1;) {
    const middle = start + splitOf(end - start)
    ranges.push(index < middle ? [middle, end] : [start, middle])
    if (index < middle) end = middle
    else start = middle
  }
  return ranges.toReversed()
}

/** The root to which a leaf and its path lead; null where the path is none of such a leaf: RFC 9162, 2.1.3.2. */
export function rootOfPath(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array | null {
  const ranges = index < size ? inclusionRanges(index, size) : null
  if (ranges?.length !== path.length) return null
  return path.reduce(
    (node, other, level) =>
      (ranges[level]?.[0] ?? 0) > index ? hashNode(node, other) : hashNode(other, node),
    leaf,
  )
}
