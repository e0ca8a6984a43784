// The rows of requests, and who decided them.
import type { EscalationRequest, Instant, RequestExport, RequestStatus } from '@dir/storage-core'
import type { RequestRow } from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { toColumn } from './time.ts'

const REQUESTS = 'escalation_requests'

/** Who decided stands beside, because Python has no column for it; triggers take it away with what it belongs to. */
export const WITH_RESOLVER = /* sql */ `SELECT q.rowid AS "rowid", q.*, r.resolved_by FROM escalation_requests q
  LEFT JOIN escalation_resolvers r ON r.dfid = q.dfid`

export function writeRequest(
  db: Statements,
  request: EscalationRequest,
  createdAt: Instant,
  [status, resolvedAt, decision]: readonly [string, Instant | null, string | null] = ['PENDING', null, null],
): void {
  // an upsert would keep the rowid, and with it the place in the list; without its row, the last place would be given again
  db.run(
    /* sql */ `INSERT OR REPLACE INTO escalation_requests (dfid, agent_id, reason, context_json, proposal_json, impact,
        status, created_at, resolved_at, human_decision)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    request.dfid,
    request.agentId,
    request.reason,
    db.json('escalation_requests.context_json', request.contextJson),
    db.json('escalation_requests.proposal_json', request.proposalJson),
    request.impact,
    status,
    toColumn(createdAt),
    resolvedAt === null ? null : toColumn(resolvedAt),
    decision,
  )
}

/** After the request itself, whose triggers take it away. */
export function writeResolver(db: Statements, dfid: string, resolvedBy: string | null): void {
  if (resolvedBy === null) return
  db.run(/* sql */ `INSERT INTO escalation_resolvers (dfid, resolved_by) VALUES (?, ?)`, dfid, resolvedBy)
}

export function toRequest(row: StoredRow): EscalationRequest {
  return {
    dfid: row.text('dfid'),
    agentId: row.text('agent_id'),
    reason: row.text('reason'),
    contextJson: row.jsonOrEmpty('context_json'),
    proposalJson: row.jsonOrEmpty('proposal_json'),
    impact: row.text('impact'),
  }
}

export function toRow(found: Row): RequestRow {
  const row = new StoredRow(REQUESTS, found, true)
  const status = row.text('status')
  const request = {
    ...toRequest(row),
    createdAt: row.time('created_at'),
    status: isStatus(status) ? status : row.unreadable('status', 'is neither PENDING nor RESOLVED'),
    decision: row.textOrNull('human_decision'),
    resolvedAt: row.timeOrNull('resolved_at'),
    resolvedBy: row.textOrNull('resolved_by'),
  }
  return { ...request, ...row.trouble }
}

const isStatus = (word: string): word is RequestStatus => word === 'PENDING' || word === 'RESOLVED'

export function requestToExport(found: Row): RequestExport {
  const row = new StoredRow(REQUESTS, found, true)
  const record = {
    ...toRequest(row),
    status: row.text('status') as RequestExport['status'], // core marks any other word as unfit
    createdAt: row.time('created_at'),
    resolvedAt: row.timeOrNull('resolved_at'),
    decision: row.textOrNull('human_decision'),
  }
  const resolvedBy = row.textOrNull('resolved_by')
  return { type: 'request', ...record, ...(resolvedBy === null ? {} : { resolvedBy }), ...row.fitness }
}
