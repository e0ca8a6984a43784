// What the protocols write for `prune`: it removes all of a flow that is over, and what is old of what belongs to no flow.
import { type Instant, formatMicros, hostMicros, microsOf } from '../rules/time.ts'

/** Every protocol that keeps something of flows has it. Old is what is older than `before`, and than `keptMicros` by the backend's clock. */
export interface FlowPruning {
  /**
   * Removes everything of the flow that this protocol keeps; with `dryRun` it only counts. It is part of one work with those
   * of the other protocols, in which each is a condition: where the flow is not over by this protocol, it answers false, and
   * all of it stays. What that means, each of them says.
   * @returns how many records of an export that is.
   */
  pruneFlow(
    dfid: string,
    status: string,
    before: Instant,
    keptMicros: number,
    dryRun: boolean,
  ): number | false
}

/** Every protocol that keeps something which is of no flow, and ends by its age, has it. */
export interface PagePruning {
  /**
   * Looks at some 500 records after `cursor` (null: from the start), and removes those that are of no flow and old, as above;
   * with `dryRun` it only counts. Not part of a batch, and each record is judged and removed in one step.
   */
  prunePage(before: Instant, keptMicros: number, cursor: string | null, dryRun: boolean): PrunedPage
}

export interface PrunedPage {
  readonly removed: number
  /** Null after the last one. */
  readonly next: string | null
}

/** How long what is old stays all the same, in microseconds. */
export interface Keeps {
  readonly nothing: 0
  readonly results: number
  readonly tokens: number
}

/** Which of these a protocol's operations go by; without one, it has no such operation. */
export interface Prunes {
  readonly flow?: keyof Keeps
  readonly page?: keyof Keeps
}

/** The moment before which something is old; `now` by the backend's clock, default the host's. */
export function oldBefore(before: Instant, keptMicros: number, now = formatMicros(hostMicros())): Instant {
  const moment = formatMicros(microsOf(now) - keptMicros)
  return moment < before ? moment : before
}
