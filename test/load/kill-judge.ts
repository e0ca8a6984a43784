import type { Told } from './kill-jobs.ts'
import { KINDS, type KindName, type Seen } from './kill-kinds.ts'

/** The writes of one kind under one id, as far as the writer could tell of them. */
export class Writes {
  /** The id that they stand under in the store. */
  readonly id: string
  readonly kind: KindName
  readonly #byState = new Map<Told['what'], Set<number>>()
  readonly #triedAt = new Map<number, number>()
  readonly #answeredAt = new Map<number, number>()

  constructor(id: string, kind: KindName) {
    this.id = `${id}/${kind}`
    this.kind = kind
  }

  add({ what, n, at }: Told): void {
    const times = what === 'tried' ? this.#triedAt : this.#answeredAt
    times.set(n, at)
    this.#byState.set(what, this.of(what).add(n))
  }

  of(what: Told['what']): Set<number> {
    return this.#byState.get(what) ?? new Set()
  }

  get tried(): number[] {
    return [...this.of('tried')].sort((a, b) => a - b)
  }

  /** Those that may have happened or not: failed so, or never answered. */
  get unknown(): number[] {
    return this.tried.filter((n) => !this.of('acknowledged').has(n) && !this.of('not-applied').has(n))
  }

  /** How many were begun before that moment, and not answered by then. */
  inFlightAt(moment: number): number {
    const begun = [...this.#triedAt].filter(([, at]) => at < moment)
    return begun.filter(([n]) => (this.#answeredAt.get(n) ?? Infinity) > moment).length
  }

  /** Compares them with what a survivor sees. */
  judge({ numbers, torn }: Seen): Verdict {
    const [acknowledged, unknown] = [this.of('acknowledged'), new Set(this.unknown)]
    if (KINDS[this.kind].counted) {
      const lost = Math.max(0, acknowledged.size - numbers.length)
      const doubled = Math.max(0, numbers.length - acknowledged.size - unknown.size)
      return { lost, doubled, reordered: 0, unwanted: 0, torn }
    }
    const there = new Set(numbers)
    return {
      lost: [...acknowledged].filter((n) => !there.has(n)).length,
      doubled: numbers.length - there.size,
      reordered: numbers.filter((n, index) => n < (numbers[index - 1] ?? 0)).length,
      unwanted: [...there].filter((n) => !acknowledged.has(n) && !unknown.has(n)).length,
      torn,
    }
  }
}

/** What must be 0. */
export interface Verdict {
  /** Acknowledged, and not there. */
  readonly lost: number
  readonly doubled: number
  readonly reordered: number
  /** There although it was told that they were not applied. */
  readonly unwanted: number
  /** There in part. */
  readonly torn: number
}
