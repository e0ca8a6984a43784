import type { Call } from '../adapter/call.ts'
import { dumpsJsonDict } from '../json/encode.ts'
import type { EventRow } from '../protocols/audit-events.ts'
import type { NewEvent } from '../protocols/decision-audit.ts'
import { type SeqRanges, toRanges } from '../protocols/seq-ranges.ts'
import type { PruneTarget } from './prune-target.ts'

/** The flow whose events seal the log. It is never pruned. */
export const SEALS_FLOW = 'dir:audit-seals'
/** The event of it by which `prune` says which events it removes. */
export const PRUNED = 'PRUNED'

export const isNote = ({ dfid, event }: Pick<EventRow, 'dfid' | 'event'>): boolean =>
  dfid === SEALS_FLOW && event === PRUNED

const PAGE = 500
/** So that an event stays small, however scattered a flow is. */
const RANGES = 1_000

/** Says in a log that was sealed what `prune` removes of it, in the step that removes it. */
export class PruneNote {
  readonly #target: PruneTarget
  #isSealed = false
  #asking: Promise<boolean> | undefined

  constructor(target: PruneTarget) {
    this.#target = target
  }

  /** What is to be written with the removal of a flow's events. */
  async of(dfid: string): Promise<readonly Call[]> {
    this.#isSealed ||= await this.#ask()
    if (!this.#isSealed) return []
    const seqs: number[] = []
    for (let page = await this.#page(dfid, 0, PAGE); page.length > 0;) {
      for (const { seq } of page) seqs.push(seq)
      page = await this.#page(dfid, seqs.at(-1) ?? 0, PAGE)
    }
    const ranges = toRanges(seqs)
    const events: NewEvent[] = []
    for (let first = 0; first < ranges.length; first += RANGES)
      events.push(noteOf(ranges.slice(first, first + RANGES)))
    return events.length === 0
      ? []
      : [this.#target.call('decisionAudit', 'recordMany', [SEALS_FLOW], [events])]
  }

  /** Once for all flows that are pruned at the same moment; again for later ones, as the log may be sealed meanwhile. */
  #ask(): Promise<boolean> {
    this.#asking ??= this.#page(SEALS_FLOW, 0, 1)
      .then((page) => page.length > 0)
      .finally(() => (this.#asking = undefined))
    return this.#asking
  }

  async #page(dfid: string, afterSeq: number, limit: number): Promise<EventRow[]> {
    const anything = { event: null, agentId: null, between: null, beforeSeq: null, newestFirst: false }
    const call = this.#target.call(
      'decisionAudit',
      'eventsPage',
      [dfid],
      [{ ...anything, dfid, afterSeq, limit }],
    )
    return (await this.#target.read(call)) as EventRow[]
  }
}

function noteOf(seqs: SeqRanges): NewEvent {
  const empty = { stepId: '', state: '', agentId: null }
  return { dfid: SEALS_FLOW, event: PRUNED, ...empty, detailsJson: dumpsJsonDict({ seqs }) }
}
