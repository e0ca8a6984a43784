/** Numbers in rising order, as pairs of the first and the last of each run. */
export type SeqRanges = readonly (readonly [first: number, last: number])[]

export function toRanges(seqs: readonly number[]): SeqRanges {
  const ranges: [number, number][] = []
  for (const seq of seqs) {
    const last = ranges.at(-1)
    if (last !== undefined && last[1] + 1 === seq) last[1] = seq
    else ranges.push([seq, seq])
  }
  return ranges
}

/** As `toRanges` makes them; null for anything else. */
export function checkedRanges(value: unknown): SeqRanges | null {
  if (!Array.isArray(value)) return null
  let before = -1
  for (const range of value as unknown[]) {
    if (!Array.isArray(range) || range.length !== 2) return null
    const [first, last] = range as unknown[]
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return null
    if ((first as number) <= before || (last as number) < (first as number)) return null
    before = last as number
  }
  return value as unknown as SeqRanges
}

export function* seqsOf(ranges: SeqRanges): Generator<number> {
  for (const [first, last] of ranges) for (let seq = first; seq <= last; seq++) yield seq
}
