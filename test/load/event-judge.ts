import type { Entry } from './event-jobs.ts'

/** What a reader got wrong, by kind. */
export interface Mistakes {
  /** Acknowledged events that it did not see under their number. */
  readonly missed: number
  readonly doubled: number
  /** Numbers that do not follow on the one before by 1. */
  readonly jumps: number
  /** Events that a writer issued after one that stands before them. */
  readonly disordered: number
}

const nameOf = ({ writer, n }: Entry): string => `${writer}:${n}`

/** Compares what a reader saw, in its order, with what was acknowledged. */
export function judgeReader(seen: readonly Entry[], acknowledged: readonly Entry[]): Mistakes {
  const seqOf = new Map(seen.map((entry) => [nameOf(entry), entry.seq]))
  const lastOf = new Map<string, number>()
  let [jumps, disordered] = [0, 0]
  for (const [index, { seq, writer, n }] of seen.entries()) {
    if (index > 0 && seq !== (seen[index - 1]?.seq ?? 0) + 1) jumps++
    if (n < (lastOf.get(writer) ?? -1)) disordered++
    lastOf.set(writer, n)
  }
  return {
    missed: acknowledged.filter((entry) => seqOf.get(nameOf(entry)) !== entry.seq).length,
    doubled: seen.length - seqOf.size,
    jumps,
    disordered,
  }
}

/** How long after its acknowledgement an event was seen, in milliseconds: that of 99 in a hundred, over all readers. */
export function slowestOf99(readers: readonly (readonly Entry[])[], acknowledged: readonly Entry[]): number {
  const told = new Map(acknowledged.map(({ seq, at }) => [seq, at]))
  const delays = readers
    .flatMap((seen) => seen.map(({ seq, at }) => Math.max(0, at - (told.get(seq) ?? at))))
    .toSorted((a, b) => a - b)
  return Math.round(delays[Math.ceil(delays.length * 0.99) - 1] ?? 0)
}

/** How many were acknowledged a second. */
export function rateOf(acknowledged: readonly Entry[]): number {
  const times = acknowledged.map(({ at }) => at).toSorted((a, b) => a - b)
  return Math.round((times.length * 1_000) / Math.max(1, (times.at(-1) ?? 0) - (times[0] ?? 0)))
}
