import { fromPages } from './pages.ts'
import type { Page } from './protocol.ts'
import type { Instant } from '../rules/time.ts'
import { checkedOptions, oneOf } from '../rules/fields.ts'
import { ageMicros, id } from '../rules/validate.ts'

export type JsonObject = Readonly<Record<string, unknown>>

/** What came of a claim; `state` says which. */
export type Claim =
  /** The effect is yours to run; end it by `complete` or `abandon` with this token. */
  | { readonly state: 'started'; readonly token: string }
  /** It ran already; this is its result, and the text as which it is stored. */
  | { readonly state: 'replay'; readonly result: JsonObject; readonly resultJson: string }
  /** Somebody else runs it; their lease ends then. */
  | { readonly state: 'inFlight'; readonly until: Instant }
  /** A claim made at `since` ran out unfinished. It never restarts by itself: look, then end it with this token. */
  | { readonly state: 'ambiguous'; readonly since: Instant; readonly token: string }
  /** The key is in use for another request. */
  | { readonly state: 'mismatch' }

export interface ClaimOptions {
  /** How long the effect may take before the claim counts as ambiguous. */
  readonly leaseSec: number
  /** Tells two requests under one key apart; compared only where both have one. */
  readonly requestHash?: string
  /**
   * Which flow the effect is for, and which step of it, because a key need not say: for `listClaims`, and for `prune`, which
   * removes the result with that flow and not before.
   */
  readonly dfid?: string
  readonly stepId?: string
}

export type UnfinishedState = 'inFlight' | 'ambiguous'

/** A claim that has no result yet. */
export interface UnfinishedClaim {
  readonly key: string
  /** By the backend's clock when its page was read. */
  readonly state: UnfinishedState
  /** When it was claimed. */
  readonly since: Instant
  /** The end of its lease; of one that was imported, some moment long ago. */
  readonly until: Instant
  /** Ends it; only where it is ambiguous. */
  readonly token?: string
  /** Null where `claim` was not told. */
  readonly dfid: string | null
  readonly stepId: string | null
  /** Only where `claim` was told. */
  readonly requestHash?: string
}

export interface UnfinishedFilter {
  readonly state?: UnfinishedState
  readonly dfid?: string
  /** Only those claimed so many seconds ago or more, by the backend's clock when their page is read. */
  readonly olderThanSec?: number
}

/** The end of an imported claim's lease: it is over, whatever the clock of its origin said. */
export const IMPORTED_UNTIL: Instant = '1970-01-01T00:00:00.000000Z'

/** An unfinished claim as an adapter has it. */
export interface ClaimRow extends Required<Omit<UnfinishedClaim, 'requestHash'>> {
  readonly requestHash: string | null
}

export interface ClaimPageFilter {
  readonly state: UnfinishedState | null
  readonly dfid: string | null
  /** Only those claimed at or before now − so many microseconds. */
  readonly leastAgeMicros: number | null
}

function toClaim({ token, requestHash, ...claim }: ClaimRow): UnfinishedClaim {
  return {
    ...claim,
    ...(claim.state === 'ambiguous' ? { token } : {}),
    ...(requestHash === null ? {} : { requestHash }),
  }
}

type Ask = (filter: ClaimPageFilter, cursor: string | null) => Promise<Page<ClaimRow>>

/** What `ask` answers page by page. */
export async function* listed(
  given: UnfinishedFilter | undefined,
  ask: Ask,
): AsyncGenerator<UnfinishedClaim> {
  const rules = { state: oneOf('inFlight', 'ambiguous'), dfid: id, olderThanSec: ageMicros }
  const { state, dfid, olderThanSec } = checkedOptions(given, rules)
  const filter = { state, dfid, leastAgeMicros: olderThanSec }
  for await (const row of fromPages((cursor) => ask(filter, cursor))) yield toClaim(row)
}
