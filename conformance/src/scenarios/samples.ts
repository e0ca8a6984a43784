import type { AgentInput, EscalationRequest } from '@dir/storage-core'

/** An agent of no special kind, except for `changes`. */
export function anAgent(agentId: string, changes: Partial<AgentInput> = {}): AgentInput {
  return {
    agentId,
    contractJson: '{"role": "trader"}',
    priority: 5,
    status: 'ACTIVE',
    agentVersion: '1.0',
    sessionToken: 'session-1',
    ...changes,
  }
}

/** A request for a human decision, except for `changes`. */
export function aRequest(
  dfid: string,
  agentId: string,
  changes: Partial<EscalationRequest> = {},
): EscalationRequest {
  return {
    dfid,
    agentId,
    reason: 'above the limit',
    contextJson: '{"account": 7}',
    proposalJson: '{"buy": 100}',
    impact: 'high',
    ...changes,
  }
}
