import type { StoredDataError } from '../errors/index.ts'
import { checkedOptions } from '../rules/fields.ts'
import type { Instant } from '../rules/time.ts'
import { ageMicros, text } from '../rules/validate.ts'
import { fromPages } from './pages.ts'
import type { Page } from './protocol.ts'

/** Where a flow stands: what its last transition says. */
export interface FlowStatus {
  readonly dfid: string
  /** The `toStatus` of that transition. */
  readonly status: string
  /** Its `createdAt`. */
  readonly since: Instant | null
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
}

export interface FlowFilter {
  /** Exactly this one; `''` is a status too. */
  readonly status?: string
  /**
   * Only those whose `since` lies so many seconds back or more, by the backend's clock when their page is read. Nobody knows
   * the age of one whose `since` cannot be read: it is among them, with its error.
   */
  readonly olderThanSec?: number
}

export interface FlowPageFilter {
  readonly status: string | null
  /** Only those whose `since` is at or before now − so many microseconds. */
  readonly leastAgeMicros: number | null
}

type Ask = (filter: FlowPageFilter, cursor: string | null) => Promise<Page<FlowStatus>>

/** What `ask` answers page by page. */
export async function* listedFlows(given: FlowFilter | undefined, ask: Ask): AsyncGenerator<FlowStatus> {
  const { status, olderThanSec } = checkedOptions(given, { status: text, olderThanSec: ageMicros })
  const filter = { status, leastAgeMicros: olderThanSec }
  yield* fromPages((cursor) => ask(filter, cursor))
}
