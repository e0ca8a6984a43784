import { isStorageError } from '../errors/index.ts'
import { DEFINITIONS, type Protocol } from '../protocols/index.ts'
import type { CheckedPruneOptions, PruneSummary } from './prune-options.ts'
import { PruneNote } from './prune-note.ts'
import type { PruneMember } from './prune-target.ts'

/** Prunes flows one by one, and counts what becomes of them. */
export class FlowPruner {
  readonly #home: PruneMember
  readonly #others: readonly PruneMember[]
  readonly #options: CheckedPruneOptions
  readonly #notes = new Map<PruneMember, PruneNote>()
  readonly #removed = new Map<Protocol, number>()
  readonly #kept = new Map<Protocol, number>()
  #flows = 0

  constructor(home: PruneMember, others: readonly PruneMember[], options: CheckedPruneOptions) {
    this.#home = home
    this.#others = others
    this.#options = options
    if (!options.dryRun)
      for (const member of [home, ...others])
        if (member.protocols.includes('decisionAudit')) this.#notes.set(member, new PruneNote(member.target))
  }

  get summary(): PruneSummary {
    return {
      flows: this.#flows,
      removed: Object.fromEntries(this.#removed),
      kept: Object.fromEntries(this.#kept),
    }
  }

  count(protocol: Protocol, removed: number): void {
    add(this.#removed, protocol, removed)
  }

  /**
   * In one step where one member has everything. Of several, all are asked first. Then the one that has the flow's status
   * removes its part, if that is still so, and only then the others: a flow that was opened again is not touched.
   */
  async prune(dfid: string, status: string): Promise<void> {
    const { dryRun } = this.#options
    const isKept = await this.#unlessKept(async () => {
      if (this.#others.length > 0) {
        const all = [this.#home, ...this.#others].map((member) => this.#part(member, dfid, status, true))
        const parts = await Promise.all(all)
        if (dryRun) for (const count of parts) count()
      }
      if (!dryRun || this.#others.length === 0) (await this.#part(this.#home, dfid, status, dryRun))()
    })
    if (isKept) return
    this.#flows++
    if (dryRun) return
    for (const other of this.#others)
      await this.#unlessKept(async () => (await this.#part(other, dfid, status, false))())
  }

  /** Whether it failed because the flow is not over; counts that. */
  async #unlessKept(act: () => Promise<void>): Promise<boolean> {
    try {
      await act()
      return false
    } catch (error) {
      if (!isStorageError(error, 'STORAGE_CONFLICT') || error.position === null) throw error
      add(this.#kept, error.protocol as Protocol, 1)
      return true
    }
  }

  /** What one member has of a flow. @returns what counts it. */
  async #part(member: PruneMember, dfid: string, status: string, dryRun: boolean): Promise<() => void> {
    const { before, keeps } = this.#options
    const { target, protocols } = member
    const notes = dryRun ? [] : ((await this.#notes.get(member)?.of(dfid)) ?? [])
    const calls = protocols.flatMap((protocol) => {
      const keep = DEFINITIONS[protocol].prunes?.flow
      if (keep === undefined) return []
      return target.call(protocol, 'pruneFlow', [dfid], [dfid, status, before, keeps[keep], dryRun])
    })
    const answers = calls.length === 0 ? [] : await target.writeTogether([...calls, ...notes])
    return () => {
      for (const [index, { protocol }] of calls.entries()) this.count(protocol, answers[index] as number)
    }
  }
}

function add(counts: Map<Protocol, number>, protocol: Protocol, more: number): void {
  if (more > 0) counts.set(protocol, (counts.get(protocol) ?? 0) + more)
}
