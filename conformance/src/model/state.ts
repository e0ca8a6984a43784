/** What the model knows of a store. Numbers stand for what it cannot foresee: seqs, fences, tokens. */
export interface ModelState {
  readonly agents: Map<string, ModelAgent>
  readonly session: Map<string, string>
  readonly state: Map<string, string>
  readonly effects: Map<string, ModelEffect>
  readonly events: ModelEvent[]
  readonly marks: Map<string, { readonly failedStep: string; readonly json: string }>
  readonly holds: ModelHold[]
  readonly counts: Map<string, number>
  /** One agent's id per token. */
  readonly tokens: string[]
  readonly requests: Map<string, ModelRequest>
  readonly transitions: { readonly dfid: string; readonly from: string | null; readonly to: string }[]
  fences: number
  claims: number
}

export interface ModelAgent {
  readonly contractJson: string
  readonly priority: number
  readonly status: string
  readonly agentVersion: string | null
  readonly sessionToken: string | null
  readonly suspensionReason: string | null
}

export interface ModelEffect {
  readonly resultJson: string | null
  readonly requestHash: string | null
  /** The number of the claim that stands. */
  readonly claim: number | null
}

export interface ModelEvent {
  readonly dfid: string
  readonly event: string
  readonly stepId: string
  readonly state: string
  readonly detailsJson: string
}

export interface ModelHold {
  readonly dfid: string
  readonly resourceId: string
  readonly micros: number
  readonly leased: boolean
  readonly fence: number
}

export interface ModelRequest {
  readonly agentId: string
  readonly contextJson: string
  readonly proposalJson: string
  readonly pending: boolean
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
  }
}
