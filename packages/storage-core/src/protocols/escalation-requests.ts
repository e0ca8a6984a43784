import type { StoredDataError } from '../errors/index.ts'
import { type Numbers, parseListed } from '../rules/stored.ts'
import type { Instant } from '../rules/time.ts'
import { checkedOptions, oneOf } from '../rules/fields.ts'
import { ageMicros, id } from '../rules/validate.ts'
import { fromPages } from './pages.ts'
import type { Page } from './protocol.ts'
import type { Exported } from './record-rules.ts'

/** `contextJson` and `proposalJson` are JSON text. */
export interface EscalationRequest {
  readonly dfid: string
  readonly agentId: string
  readonly reason: string
  readonly contextJson: string
  readonly proposalJson: string
  readonly impact: string
}

export interface PendingRequest extends Omit<EscalationRequest, 'contextJson' | 'proposalJson'> {
  /** The parsed `contextJson`. */
  readonly context: unknown
  /** The parsed `proposalJson`. */
  readonly proposal: unknown
  /** As it is stored, also where it cannot be parsed; null where it is no text. */
  readonly contextJson: string | null
  /** The same. */
  readonly proposalJson: string | null
  readonly createdAt: Instant | null
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
}

export type RequestStatus = 'PENDING' | 'RESOLVED'

/** A request with what was decided about it; of one that is pending, all of that is null. */
export interface StoredRequest extends PendingRequest {
  readonly status: RequestStatus
  readonly decision: string | null
  readonly resolvedAt: Instant | null
  /** Who decided; null too where `resolveRequest` was not told. */
  readonly resolvedBy: string | null
}

export interface RequestFilter {
  readonly status?: RequestStatus
  readonly agentId?: string
  /**
   * Only those whose `createdAt` lies so many seconds back or more, by the backend's clock when their page is read.
   * Nobody knows the age of one whose `createdAt` cannot be read: it is among them, with its error.
   */
  readonly olderThanSec?: number
}

/** A request as an adapter has it. What it cannot read of one is null, against the type, beside the `error`. */
export type RequestRow = Omit<StoredRequest, 'context' | 'proposal'>

export type PendingRow = Omit<RequestRow, Decided>

export interface RequestPageFilter {
  readonly status: RequestStatus | null
  readonly agentId: string | null
  /** Only those whose `createdAt` is at or before now − so many microseconds. */
  readonly leastAgeMicros: number | null
}

export interface Resolution {
  readonly dfid: string
  readonly resolvedAt: Instant
  readonly decision: string
  readonly proposalJson: string | null
  readonly resolvedBy: string | null
  /** Null: of any time. */
  readonly createdAt: Instant | null
}

/** In the order of insertion. */
export interface RequestExport extends Exported, EscalationRequest {
  readonly type: 'request'
  readonly status: RequestStatus
  readonly createdAt: Instant
  readonly resolvedAt: Instant | null
  readonly decision: string | null
  /** Only where it is known who decided. */
  readonly resolvedBy?: string
}

type Decided = 'status' | 'decision' | 'resolvedAt' | 'resolvedBy'

export const STATUS = oneOf('PENDING', 'RESOLVED')

const TABLE = 'escalation_requests'

export function toPending({ error, ...row }: PendingRow, numbers: Numbers): PendingRequest {
  const context = parseListed(TABLE, 'context_json', row.contextJson, numbers)
  const proposal = parseListed(TABLE, 'proposal_json', row.proposalJson, numbers)
  const trouble = error ?? context.error ?? proposal.error
  const request = { ...row, context: context.value, proposal: proposal.value }
  return trouble === undefined ? request : { ...request, error: trouble }
}

export function toListed(row: RequestRow, numbers: Numbers): StoredRequest {
  const { status, decision, resolvedAt, resolvedBy, ...asked } = row
  return { ...toPending(asked, numbers), status, decision, resolvedAt, resolvedBy }
}

/** Alone, a request of which something cannot be read is no answer. */
export function toStored(row: RequestRow, numbers: Numbers): StoredRequest {
  const request = toListed(row, numbers)
  if (request.error !== undefined) throw request.error
  return request
}

type Ask = (filter: RequestPageFilter, cursor: string | null) => Promise<Page<RequestRow>>

/** What `ask` answers page by page. */
export async function* listed(
  given: RequestFilter | undefined,
  numbers: Numbers,
  ask: Ask,
): AsyncGenerator<StoredRequest> {
  const rules = { status: STATUS, agentId: id, olderThanSec: ageMicros }
  const { status, agentId, olderThanSec } = checkedOptions(given, rules)
  const filter = { status, agentId, leastAgeMicros: olderThanSec }
  for await (const row of fromPages((cursor) => ask(filter, cursor))) yield toListed(row, numbers)
}
