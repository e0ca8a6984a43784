import { type LeafRange, hashNode, splitOf } from './merkle-tree.ts'

/** The subtrees whose roots show that a tree of `from` leaves is the beginning of one of `to`: RFC 9162, 2.1.4.1. */
export function consistencyRanges(from: number, to: number): LeafRange[] {
  if (from === 0) return []
  const ranges: LeafRange[] = []
  let [start, end] = [0, to]
  while (end !== from) {
    const middle = start + splitOf(end - start)
    ranges.push(from <= middle ? [middle, end] : [start, middle])
    if (from <= middle) end = middle
    else start = middle
  }
  // whoever checks has the root of the old tree already, where that is a subtree by itself
  if (start > 0) ranges.push([start, end])
  return ranges.toReversed()
}

/** The roots of both trees to which a path leads; null where it is none of such trees: RFC 9162, 2.1.4.2. */
export function rootsOfPath(
  from: number,
  to: number,
  fromRoot: Uint8Array,
  path: readonly Uint8Array[],
): readonly [from: Uint8Array, to: Uint8Array] | null {
  const ranges = from <= to ? consistencyRanges(from, to) : null
  if (ranges?.length !== path.length) return null
  const isComplete = from > 0 && ranges.every(([start]) => start >= from)
  let [first, second] = [fromRoot, fromRoot]
  for (const [level, other] of path.entries()) {
    const [start] = ranges[level] as LeafRange
    if (level === 0 && !isComplete) [first, second] = [other, other]
    else if (start >= from) second = hashNode(second, other)
    else [first, second] = [hashNode(other, first), hashNode(other, second)]
  }
  return [first, second]
}
