import type { EscalationRequest, Instant, Transition } from '@dir/storage-core'
import type { AgentRow, ContextKind, EventRow, DirtyRow } from '@dir/storage-core/adapter'
import { Holds } from './holds.ts'

interface Stored {
  readonly updatedAt: Instant
}

export interface StoredAgent extends AgentRow, Stored {
  readonly registeredAt: Instant
}

export interface StoredText extends Stored {
  readonly dataJson: string
}

/** A result, a claim, or a claim that was completed (whose hash still tells requests apart). */
export interface StoredEffect {
  readonly resultJson: string | null
  readonly requestHash: string | null
  readonly createdAt: Instant | null
  readonly claim: { readonly token: string; readonly since: Instant; readonly until: Instant } | null
}

export interface StoredRequest extends EscalationRequest {
  readonly createdAt: Instant
  readonly resolvedAt: Instant | null
  readonly decision: string | null
}

/** One namespace. Every operation is one synchronous block over it, and so atomic within the process. */
export class MemoryState {
  readonly agents = new Map<string, StoredAgent>()
  readonly contexts: Record<ContextKind, Map<string, StoredText>> = { session: new Map(), state: new Map() }
  readonly effects = new Map<string, StoredEffect>()
  /** In the order of `seq`. */
  readonly events: EventRow[] = []
  readonly eventsByFlow = new Map<string, EventRow[]>()
  /** In the order of the marks: a new mark is deleted and set again. */
  readonly dirtyFlows = new Map<string, DirtyRow & { readonly createdAt: Instant }>()
  readonly holds = new Holds()
  readonly counts = new Map<string, { readonly count: number } & Stored>()
  /** By agent, sorted. */
  readonly budgetTokens = new Map<string, Instant[]>()
  /** In the order of insertion: a re-opened request is deleted and set again. */
  readonly requests = new Map<string, StoredRequest>()
  readonly transitions: Transition[] = []
  readonly transitionsByFlow = new Map<string, Transition[]>()
  seq = 0
  fence = 0
  /** The ticket of the import that is under way or was interrupted. */
  importing: number | null = null

  get isEmpty(): boolean {
    const { session, state } = this.contexts
    const tables = [
      this.agents,
      session,
      state,
      this.effects,
      this.dirtyFlows,
      this.holds,
      this.counts,
      this.budgetTokens,
      this.requests,
    ]
    return this.seq + this.fence + this.transitions.length === 0 && tables.every((table) => table.size === 0)
  }
}

/** The stores that handles of one namespace share. */
export const stores = new Map<string, MemoryState>()
