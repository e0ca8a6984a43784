import type { EscalationRequest, Instant } from '@dir/storage-core'
import type { AgentRow, Micros, NewEvent } from '@dir/storage-core/adapter'
import type { Timestamp } from 'mongodb'

export interface AgentDocument extends Omit<AgentRow, 'agentId'> {
  readonly _id: string
  readonly registeredAt: Instant
  readonly updatedAt: Instant
}

/** With a null text it reads as absent: a batch judged that there is none, and that must not change until its commit. */
export interface ContextDocument {
  readonly _id: string
  readonly dataJson: string | null
  /** Of the text: what is expected and what is new need not fit into one command together. */
  readonly digest: string | null
  readonly updatedAt: Instant
  readonly judged?: Timestamp
}

export interface ClaimDocument {
  readonly token: string
  readonly since: Instant
  readonly until: Instant
}

/** A result, or a claim without one. */
export interface IdempotencyDocument {
  readonly _id: string
  readonly resultJson: string | null
  readonly requestHash: string | null
  readonly createdAt: Instant | null
  readonly claim: ClaimDocument | null
  /** What it was claimed for. An older version of this package wrote neither. */
  readonly dfid?: string | null
  readonly stepId?: string | null
}

/** Its `_id` is a number, in the order of which all are written; there are gaps where something was pruned. */
export interface LogDocument {
  readonly _id: number
  /** Then it was pruned, and has nothing but its number yet; see `lasts.ts`. */
  readonly removedAt?: Date
  /** An older version of this package wrote one. */
  readonly eventId?: string
}

export interface EventDocument extends LogDocument, Omit<NewEvent, 'agentId'> {
  readonly timestamp: Instant
  readonly agentId?: string
}

export interface TransitionDocument extends LogDocument {
  readonly dfid: string
  readonly fromStatus: string | null
  readonly toStatus: string
  readonly createdAt: Instant
  /** The document of its flow was written with it. */
  readonly kept?: true
}

/** What a flow's last transition says; see `flows.ts`. */
export interface FlowDocument {
  readonly _id: string
  readonly status: string
  readonly number: number
  readonly since: Instant
}

/** `marked` is the server's and tells the order of the latest marks. */
export interface DirtyFlowDocument {
  readonly _id: string
  readonly failedStep: string
  readonly partialStateJson: string
  readonly createdAt: Instant
  readonly marked: Timestamp
}

export interface HoldDocument {
  readonly _id: { readonly dfid: string; readonly resourceId: string }
  readonly micros: Micros
  readonly acquiredAt: Instant
  readonly expiresAt: Instant | null
  readonly fence: number
}

/**
 * Of a resource: written by everything that judges or changes its holds, so that two of them conflict. Of a flow:
 * written by every acquire and release of it, so that a release cannot miss a late acquire.
 */
export interface LockVersionDocument {
  readonly _id: { readonly kind: 'resource' | 'flow'; readonly id: string }
  /** The sum of a resource's holds, expired ones that nobody met yet included; 0 for a flow. */
  readonly total: Micros
  readonly version: number
  /** The latest that was issued to an acquire of it. */
  readonly fence?: number
  readonly usedAt: Date
}

export interface RetryCountDocument {
  readonly _id: string
  readonly count: number
  readonly updatedAt: Instant
}

export interface BudgetTokenDocument {
  readonly _id: string
  readonly agentId: string
  readonly createdAt: Instant
  /** Its place among the agent's; see `budget.ts`. */
  readonly number?: number
}

/** Written with every token of an agent, so that two commits that add some conflict. */
export interface BudgetDocument {
  readonly _id: string
  readonly version: number
}

/** `opened` tells the order of insertion. */
export interface RequestDocument extends Omit<EscalationRequest, 'dfid'> {
  readonly _id: string
  readonly createdAt: Instant
  readonly resolvedAt: Instant | null
  readonly decision: string | null
  /** An older version of this package wrote none. */
  readonly resolvedBy?: string | null
  readonly opened: { readonly at: Timestamp; readonly position: number; readonly by: string }
}

/** Numbers about the whole namespace; `seq`, `fence` and `transitions` are the least that counts as issued. */
export interface MetaDocument {
  readonly _id:
    | 'schema_version'
    | 'importing'
    | 'imported'
    | 'seq'
    | 'fence'
    | 'transitions'
    | 'turn'
    | 'flows'
  /** Of `flows`: the last transition that was followed. Of `importing` and `imported`: the ticket of an import that is not finished, and of the last one that is. */
  readonly value: number
  /** Of `schema_version`: the version of this package that it needs. */
  readonly package?: string
  /** Of `importing`: how many pages it has written. */
  readonly pages?: number
  /** Of `schema_version`: how often an import has begun or ended. */
  readonly imports?: number
  /** Of `turn`, which has no value: who has it and who waits for it, and the server's clock then; see `turn-queue.ts`. */
  readonly queue?: readonly { readonly by: string; readonly until: Date }[]
  readonly at?: Date
}

/** A session that runs our transactions: what it left open when its process died, anybody may end. */
export interface SessionDocument {
  readonly _id: string
  readonly usedAt: Date
}

export interface Documents {
  readonly agent_registry: AgentDocument
  readonly context_session: ContextDocument
  readonly context_state: ContextDocument
  readonly idempotency_cache: IdempotencyDocument
  readonly decision_audit_events: EventDocument
  readonly saga_dirty_state: DirtyFlowDocument
  readonly resource_locks: HoldDocument
  readonly lock_versions: LockVersionDocument
  readonly intent_retry_counts: RetryCountDocument
  readonly escalation_budget: BudgetTokenDocument
  readonly escalation_agents: BudgetDocument
  readonly escalation_requests: RequestDocument
  readonly lifecycle_transitions: TransitionDocument
  readonly lifecycle_flows: FlowDocument
  readonly sessions: SessionDocument
  readonly meta: MetaDocument
}

export type CollectionName = keyof Documents

/** What is written has the next number after the highest one. */
export type LogName = 'decision_audit_events' | 'lifecycle_transitions'
