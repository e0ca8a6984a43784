import { Hole } from './expected.ts'

/** What the model knows of a store. Numbers stand for what it cannot foresee: seqs, fences, tokens; holes for times. */
export interface ModelState {
  readonly agents: Map<string, ModelAgent>
  readonly session: Map<string, ModelText>
  readonly state: Map<string, ModelText>
  readonly effects: Map<string, ModelEffect>
  readonly events: ModelEvent[]
  readonly marks: Map<
    string,
    { readonly failedStep: string; readonly json: string; readonly createdAt: Hole }
  >
  readonly holds: ModelHold[]
  readonly counts: Map<string, { readonly count: number; readonly updatedAt: Hole }>
  /** One agent's id per token. */
  readonly tokens: string[]
  readonly requests: Map<string, ModelRequest>
  readonly transitions: ModelTransition[]
  fences: number
  claims: number
  times: number
}

/** A time that nobody can foresee, and that is the same wherever it is shown. */
export function stamp(state: ModelState): Hole {
  return new Hole('time', state.times++)
}

/** A lease or a window that is over before the next call: whoever uses it waits a moment. */
export const BRIEF = 1e-6

export interface ModelText {
  readonly json: string
  readonly updatedAt: Hole
}

export interface ModelTransition {
  readonly dfid: string
  readonly from: string | null
  readonly to: string
  readonly createdAt: Hole
}

export interface ModelAgent {
  readonly contractJson: string
  readonly priority: number
  readonly status: string
  readonly agentVersion: string | null
  readonly sessionToken: string | null
  readonly suspensionReason: string | null
  readonly registeredAt: Hole
  readonly updatedAt: Hole
}

export interface ModelEffect {
  readonly resultJson: string | null
  readonly requestHash: string | null
  readonly createdAt: Hole | null
  readonly claim: ModelClaim | null
  /** What it was claimed for; a result that ended the claim keeps it. */
  readonly dfid: string | null
  readonly stepId: string | null
}

/** The claim that stands. */
export interface ModelClaim {
  readonly number: number
  readonly since: Hole
  readonly until: Hole
  readonly isOver: boolean
}

export interface ModelEvent {
  readonly dfid: string
  readonly event: string
  readonly stepId: string
  readonly state: string
  readonly agentId: string | null
  readonly detailsJson: string
  readonly timestamp: Hole
}

export interface ModelHold {
  readonly dfid: string
  readonly resourceId: string
  readonly micros: number
  readonly acquiredAt: Hole
  /** Null: no lease. */
  readonly expiresAt: Hole | null
  readonly fence: number
}

export interface ModelRequest {
  readonly agentId: string
  readonly reason: string
  readonly contextJson: string
  readonly proposalJson: string
  readonly impact: string
  readonly createdAt: Hole
  readonly resolvedAt: string | null
  readonly decision: string | null
  readonly resolvedBy: string | null
}

export function emptyState(): ModelState {
  return {
    agents: new Map(),
    session: new Map(),
    state: new Map(),
    effects: new Map(),
    events: [],
    marks: new Map(),
    holds: [],
    counts: new Map(),
    tokens: [],
    requests: new Map(),
    transitions: [],
    fences: 0,
    claims: 0,
    times: 0,
  }
}

/** A copy that changes by itself; what a state consists of is never changed in place. */
export function copyOf(state: ModelState): ModelState {
  const copies = Object.entries(state).map(([name, value]: [string, unknown]) => {
    if (value instanceof Map) return [name, new Map(value)]
    return [name, Array.isArray(value) ? [...(value as unknown[])] : value]
  })
  return Object.fromEntries(copies) as ModelState
}
