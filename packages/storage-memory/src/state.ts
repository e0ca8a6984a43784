import type { EscalationRequest, Instant, Transition } from '@dir/storage-core'
import { type AgentRow, type ContextKind, type DirtyRow, compareIds } from '@dir/storage-core/adapter'
import { EventLog } from './event-log.ts'
import { Flows } from './flows.ts'
import { Holds } from './holds.ts'
import { InOrder } from './in-order.ts'
import { Log } from './log.ts'
import { Sorted } from './sorted.ts'
import { Table } from './table.ts'

interface Stored {
  readonly updatedAt: Instant
}

export interface StoredAgent extends AgentRow, Stored {
  readonly registeredAt: Instant
}

export interface StoredText extends Stored {
  readonly dataJson: string
}

export interface StoredClaim {
  readonly token: string
  readonly since: Instant
  readonly until: Instant
}

/** Where a claim stands among those without a result. */
export interface ClaimPlace {
  readonly since: Instant
  readonly key: string
}

/** A result, a claim, or a claim that was completed (whose hash still tells requests apart). */
export interface StoredEffect {
  readonly resultJson: string | null
  readonly requestHash: string | null
  readonly createdAt: Instant | null
  readonly claim: StoredClaim | null
  /** What it was claimed for. */
  readonly dfid: string | null
  readonly stepId: string | null
}

export interface KeptRequest extends EscalationRequest {
  readonly createdAt: Instant
  readonly resolvedAt: Instant | null
  readonly decision: string | null
  readonly resolvedBy: string | null
}

export interface Mark extends DirtyRow {
  readonly dfid: string
  readonly createdAt: Instant
}

/** One namespace. Every operation is one synchronous block over it, and so atomic within the process. */
export class MemoryState {
  readonly agents = new Map<string, StoredAgent>()
  readonly agentIds = new Sorted<string>(compareIds)
  readonly contexts: Record<ContextKind, Map<string, StoredText>> = { session: new Map(), state: new Map() }
  readonly effects = new Table<StoredEffect>()
  /** The keys of what was claimed for a flow. */
  readonly effectsByFlow = new Table<Set<string>>()
  readonly claims = new Sorted<ClaimPlace>(
    (one, other) => compareIds(one.since, other.since) || compareIds(one.key, other.key),
  )
  /** In the order of `seq`. */
  readonly events = new EventLog()
  /** Called when events were appended. */
  readonly followers = new Set<() => void>()
  readonly dirtyFlows = new InOrder<Mark>()
  readonly holds = new Holds()
  readonly counts = new Table<{ readonly count: number } & Stored>()
  /** By agent, sorted. */
  readonly budgetTokens = new Map<string, Instant[]>()
  readonly requests = new InOrder<KeptRequest>()
  readonly transitions = new Log<Transition>()
  readonly flows = new Flows()
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
      this.transitions,
    ]
    return this.seq + this.fence === 0 && tables.every((table) => table.size === 0)
  }
}

/** The stores that handles of one namespace share. */
export const stores = new Map<string, MemoryState>()
