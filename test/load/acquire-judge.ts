import type { Told, What } from './acquire-jobs.ts'
import { CAPACITY, RESOURCES, demandOf } from './demand.ts'

/** What the workers told of all flows, and what follows from it. */
export class Ledger {
  readonly #flows = new Map<string, Partial<Record<What, number>>>()
  readonly #counts = new Map<What, number>()

  add([what, flow, at]: Told): void {
    this.#flows.set(flow, { [what]: at, ...this.#flows.get(flow) }) // what a predecessor told first, holds
    this.#counts.set(what, this.count(what) + 1)
  }

  count(what: What): number {
    return this.#counts.get(what) ?? 0
  }

  /** The flows of a worker that may hold something. */
  open(worker: string): string[] {
    return [...this.#flows]
      .filter(([flow, told]) => flow.startsWith(`${worker}:`) && this.#goneAt(told) === undefined)
      .map(([flow]) => flow)
  }

  /** How many attempts a worker began. */
  tried(worker: string): number {
    return [...this.#flows.keys()].filter((flow) => flow.startsWith(`${worker}:`)).length
  }

  /** How many attempts were never answered, as their worker was killed. */
  unanswered(): number {
    const answers: readonly What[] = ['granted', 'contended', 'refused', 'not-applied', 'unknown', 'unmapped']
    return this.count('tried') - answers.reduce((sum, what) => sum + this.count(what), 0)
  }

  /** How often a grant was told while what others held for certain left no room for it. */
  overbooked(leaseSecOf: (flow: string) => number | null): number {
    const changes: { at: number; sign: 1 | -1; demand: Record<string, number> }[] = []
    for (const [flow, told] of this.#flows) {
      if (told.granted === undefined || told.tried === undefined) continue
      const leaseSec = leaseSecOf(flow)
      const until = Math.min(
        told.releasing ?? Infinity,
        leaseSec === null ? Infinity : told.tried + leaseSec * 1_000,
      )
      const demand = demandOf(flow)
      if (until > told.granted)
        changes.push({ at: told.granted, sign: 1, demand }, { at: until, sign: -1, demand })
    }
    changes.sort((one, other) => one.at - other.at || one.sign - other.sign)
    const locked = new Map(RESOURCES.map((resource) => [resource, 0]))
    let overbooked = 0
    for (const { sign, demand } of changes) {
      for (const [resource, amount] of Object.entries(demand))
        locked.set(resource, (locked.get(resource) ?? 0) + sign * amount)
      if (sign > 0 && [...locked.values()].some((sum) => sum > CAPACITY)) overbooked++
    }
    return overbooked
  }

  /** How many flows were seen to hold something after it was told that they hold nothing. */
  zombies(seenAt: ReadonlyMap<string, number>): number {
    return [...seenAt].filter(([flow, at]) => {
      const goneAt = this.#goneAt(this.#flows.get(flow) ?? {})
      return goneAt !== undefined && at > goneAt
    }).length
  }

  /** Since when a flow holds nothing any more. */
  #goneAt(told: Partial<Record<What, number>>): number | undefined {
    return told.released ?? told.refused ?? told.contended ?? told['not-applied']
  }
}
