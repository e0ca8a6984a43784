// The rows of requests.
import type { RequestStatus } from '@dir/storage-core'
import type { RequestPageFilter, RequestRow } from '@dir/storage-core/adapter'
import type { Source } from './export-page.ts'
import { type Row, type SqlValue, text, textOrNull } from './session.ts'
import { instant, instantOrNull, isOlder, utc } from './time.ts'

export const REQUEST_COLUMNS = `dfid, agent_id, reason, context_json, proposal_json, impact, ${utc('created_at')}`
export const DECISION_COLUMNS = `status, ${utc('resolved_at')}, human_decision, resolved_by`

export const REQUESTS: Omit<Source<never>, 'toItem'> = {
  table: 'escalation_requests',
  columns: `${REQUEST_COLUMNS}, ${DECISION_COLUMNS}`,
  key: ['position', 'dfid'],
  large: ['context_json', 'proposal_json'],
}

/** A page by one index: of the requests of an agent, or of the pending ones. */
export function pageOf({ status, agentId, leastAgeMicros }: RequestPageFilter): Source<RequestRow> {
  const values: SqlValue[] = []
  const agent = agentId === null ? null : `$${values.push(agentId)}`
  const isAgents = agent === null ? 'true' : `agent_id = ${agent}`
  const hasStatus = status === null ? 'true' : `status = '${status}'`
  const source = {
    ...REQUESTS,
    fits: `${hasStatus} AND ${isAgents} AND ${isOlder('created_at', leastAgeMicros, values)}`,
    values,
    toItem: toRow,
  }
  if (status === 'PENDING') return { ...source, where: hasStatus }
  return agent === null ? source : { ...source, only: { column: 'agent_id COLLATE "C"', value: agent } }
}

export function toRow(row: Row) {
  return {
    ...toRequest(row),
    status: text(row, 'status') as RequestStatus,
    decision: textOrNull(row, 'human_decision'),
    resolvedAt: instantOrNull(row, 'resolved_at'),
    resolvedBy: textOrNull(row, 'resolved_by'),
  }
}

export function toRequest(row: Row) {
  return {
    dfid: text(row, 'dfid'),
    agentId: text(row, 'agent_id'),
    reason: text(row, 'reason'),
    contextJson: text(row, 'context_json'),
    proposalJson: text(row, 'proposal_json'),
    impact: text(row, 'impact'),
    createdAt: instant(row, 'created_at'),
  }
}
