import type { AuditEvent } from '../protocols/audit-events.ts'
import { type SeqRanges, checkedRanges } from '../protocols/seq-ranges.ts'

/** Sealed events that are not there any more, and what prunes said that they removed. Takes memory by the stretch. */
export class MissingEvents {
  readonly #missing: [number, number][] = []
  readonly #pruned: (readonly [number, number])[] = []

  /** In rising order. */
  add(seq: number): void {
    const last = this.#missing.at(-1)
    if (last !== undefined && last[1] + 1 === seq) last[1] = seq
    else this.#missing.push([seq, seq])
  }

  /** What `prune` says in the step that removes it. */
  explain({ details }: AuditEvent): void {
    this.#pruned.push(...(checkedRanges(details?.['seqs']) ?? []))
  }

  /** How many prunes removed, and the first that none did. */
  get told(): { readonly pruned: number; readonly unexplained: number | null } {
    const prunes = merged(this.#pruned)
    let [pruned, at] = [0, 0]
    for (const [first, last] of this.#missing)
      for (let seq = first; seq <= last; seq++) {
        while ((prunes[at]?.[1] ?? Infinity) < seq) at++
        if ((prunes[at]?.[0] ?? Infinity) > seq) return { pruned, unexplained: seq }
        pruned++
      }
    return { pruned, unexplained: null }
  }
}

function merged(ranges: SeqRanges): SeqRanges {
  const result: [number, number][] = []
  for (const [first, last] of ranges.toSorted(([one], [other]) => one - other)) {
    const before = result.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else result.push([first, last])
  }
  return result
}
