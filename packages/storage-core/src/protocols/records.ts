// The canonical form in which records leave and enter a store: on disk one JSON line each. Times are instants,
// amounts decimal numbers, JSON columns their exact text.
import type { AgentRow } from './agent-registry.ts'
import type { EscalationRequest } from './escalation.ts'
import type { ExportedAmount } from '../rules/amounts.ts'
import type { Instant } from '../rules/time.ts'

/** Marks a record that this contract cannot hold, and why; its unreadable fields are null. */
export interface Exported {
  readonly unfit?: string
}

export interface AgentExport extends Exported, AgentRow {
  readonly type: 'agent'
  readonly registeredAt: Instant
  readonly updatedAt: Instant
}

export interface ContextExport extends Exported {
  readonly type: 'session' | 'state'
  readonly id: string
  readonly dataJson: string
  readonly updatedAt: Instant
}

/** A stored result, or (with `claimedAt`) a claim that has none; a claim arrives as ambiguous. */
export interface IdempotencyExport extends Exported {
  readonly type: 'idempotency'
  readonly key: string
  readonly resultJson: string | null
  readonly requestHash: string | null
  readonly createdAt: Instant | null
  readonly claimedAt: Instant | null
}

export interface EventExport extends Exported {
  readonly type: 'event'
  readonly seq: number
  readonly dfid: string
  readonly event: string
  readonly timestamp: Instant
  readonly stepId: string
  readonly state: string
  readonly detailsJson: string
}

/** In the order of the marks. */
export interface DirtyFlowExport extends Exported {
  readonly type: 'dirtyFlow'
  readonly dfid: string
  readonly failedStep: string
  readonly partialStateJson: string
  readonly createdAt: Instant
}

export interface HoldExport extends Exported, ExportedAmount {
  readonly type: 'hold'
  readonly dfid: string
  readonly resourceId: string
  readonly acquiredAt: Instant
  readonly expiresAt: Instant | null
  readonly fence: number
}

export interface RetryCountExport extends Exported {
  readonly type: 'retryCount'
  readonly dfid: string
  readonly count: number
  readonly updatedAt: Instant
}

export interface BudgetTokenExport extends Exported {
  readonly type: 'budgetToken'
  readonly agentId: string
  readonly createdAt: Instant
}

/** In the order of insertion. */
export interface RequestExport extends Exported, EscalationRequest {
  readonly type: 'request'
  readonly status: 'PENDING' | 'RESOLVED'
  readonly createdAt: Instant
  readonly resolvedAt: Instant | null
  readonly decision: string | null
}

export type EscalationExport = BudgetTokenExport | RequestExport

/** In the order of insertion. */
export interface TransitionExport extends Exported {
  readonly type: 'transition'
  readonly dfid: string
  readonly fromStatus: string | null
  readonly toStatus: string
  readonly createdAt: Instant
}

/** The highest numbers that a store has issued. */
export interface Counters {
  readonly seq: number
  readonly fence: number
}

/** The last record of an export. */
export interface CountersExport extends Exported, Counters {
  readonly type: 'counters'
  /** How many records stand before it, unfit ones among them. What has not that many is not one whole export. */
  readonly records: number
}

export type StorageRecord =
  | AgentExport
  | ContextExport
  | IdempotencyExport
  | EventExport
  | DirtyFlowExport
  | HoldExport
  | RetryCountExport
  | EscalationExport
  | TransitionExport
  | CountersExport
