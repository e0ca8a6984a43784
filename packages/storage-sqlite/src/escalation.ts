import type { BudgetTokenExport, EscalationRequest, Instant, RequestExport } from '@dir/storage-core'
import {
  type Operations,
  type Resolution,
  type SyncImplementation,
  conditionalWrite,
  formatMicros,
  hostMicros,
  parseInstant,
} from '@dir/storage-core/adapter'
import type { SqliteConnection } from './connection.ts'
import { byRowid, exportPage } from './export-page.ts'
import { listed } from './listed.ts'
import { DIGITS } from './running-totals.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { lowerBound, now, nowAfter, toColumn } from './time.ts'

const TOKENS = 'escalation_budget'
const REQUESTS = 'escalation_requests'

/** Of the whole days, hours, minutes and seconds after the start, the counters; of its own second, the tokens. */
const WINDOW_COUNT = /* sql */ `SELECT SUM(tokens) AS tokens FROM (
  ${DIGITS.map(
    (digits) => /* sql */ `SELECT tokens FROM escalation_budget_windows
      WHERE agent_id = ? AND digits = ${digits} AND period > ? AND period < ? UNION ALL`,
  ).join(' ')}
  SELECT COUNT(*) FROM escalation_budget WHERE agent_id = ? AND created_at >= ? AND created_at < ?)`

/** The tokens from `since` on, without counting each: with ten thousand it takes as long as with ten. */
function getWindowCount(db: SqliteConnection, agentId: string, since: Instant): number {
  const from = lowerBound(since)
  /** What sorts after all texts that begin like the start. */
  const end = (digits: number): string => `${from.slice(0, digits)}\u{10ffff}`
  const counted = DIGITS.flatMap((digits, index) => [
    agentId,
    from.slice(0, digits),
    end(DIGITS[index - 1] ?? 0),
  ])
  const row = db.get(WINDOW_COUNT, ...counted, agentId, from, end(DIGITS.at(-1) ?? 0))
  return Number(row?.['tokens'])
}

function addToken(db: SqliteConnection, agentId: string, time = now()): void {
  db.run(
    /* sql */ `INSERT INTO escalation_budget (agent_id, created_at) VALUES (?, ?)`,
    agentId,
    toColumn(time),
  )
}

/** The status and the time of a flow's request; the time is null where it cannot be read. */
function standing(db: SqliteConnection, dfid: string) {
  const row = db.get(/* sql */ `SELECT status, created_at FROM escalation_requests WHERE dfid = ?`, dfid)
  if (row === undefined) return null
  return { status: row['status'], createdAt: parseInstant(String(row['created_at'])) }
}

function insertRequest(db: SqliteConnection, request: EscalationRequest): void {
  const replaced = standing(db, request.dfid)?.createdAt ?? null
  write(db, request, replaced === null ? now() : nowAfter(replaced))
}

function write(
  db: SqliteConnection,
  request: EscalationRequest,
  createdAt: Instant,
  [status, resolvedAt, decision]: readonly [string, Instant | null, string | null] = ['PENDING', null, null],
): void {
  // an upsert would keep the rowid, and with it the place in the list
  db.run(/* sql */ `DELETE FROM escalation_requests WHERE dfid = ?`, request.dfid)
  db.run(
    /* sql */ `INSERT INTO escalation_requests (dfid, agent_id, reason, context_json, proposal_json, impact,
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

export const escalation: SyncImplementation<Operations['escalation'], SqliteConnection> = {
  getWindowCount,

  recordBudgetToken: (db, agentId) => addToken(db, agentId),

  insertRequest,

  resolveRequest: conditionalWrite(
    (db: SqliteConnection, { dfid, createdAt }: Resolution) => {
      const request = standing(db, dfid)
      return request?.status === 'PENDING' && (createdAt === null || createdAt === request.createdAt)
    },
    (db, { dfid, resolvedAt, decision, proposalJson }) => {
      db.run(
        /* sql */ `UPDATE escalation_requests SET status = 'RESOLVED', resolved_at = ?, human_decision = ?,
            proposal_json = COALESCE(?, proposal_json)
          WHERE dfid = ?`,
        toColumn(resolvedAt),
        decision,
        proposalJson === null ? null : db.json('escalation_requests.proposal_json', proposalJson),
        dfid,
      )
      return true
    },
  ),

  getPendingRequests: listed(
    () => ({
      sql: /* sql */ `SELECT * FROM escalation_requests
        WHERE status = 'PENDING' AND typeof(dfid) = 'text' ORDER BY rowid`,
      values: [],
    }),
    (found) => {
      const row = new StoredRow(REQUESTS, found, true)
      return { ...toRequest(row), createdAt: row.time('created_at'), ...row.trouble }
    },
  ),

  consumeBudget(db, agentId, limit, windowMicros, request) {
    const used = getWindowCount(db, agentId, formatMicros(hostMicros() - windowMicros))
    if (used >= limit) return { granted: false, used }
    addToken(db, agentId)
    if (request !== null) insertRequest(db, request)
    return { granted: true, used: used + 1 }
  },

  exportPage: (db, cursor) =>
    exportPage<BudgetTokenExport | RequestExport>(db, cursor, [
      { sql: byRowid(TOKENS), toItem: tokenToExport },
      { sql: byRowid(REQUESTS), toItem: requestToExport },
    ]),

  importPage(db, items) {
    for (const item of items) {
      if (item.type === 'budgetToken') addToken(db, item.agentId, item.createdAt)
      else write(db, item, item.createdAt, [item.status, item.resolvedAt, item.decision])
    }
  },
}

function toRequest(row: StoredRow): EscalationRequest {
  return {
    dfid: row.text('dfid'),
    agentId: row.text('agent_id'),
    reason: row.text('reason'),
    contextJson: row.jsonOrEmpty('context_json'),
    proposalJson: row.jsonOrEmpty('proposal_json'),
    impact: row.text('impact'),
  }
}

function tokenToExport(found: Row): BudgetTokenExport {
  const row = new StoredRow(TOKENS, found, true)
  const record = { agentId: row.text('agent_id'), createdAt: row.time('created_at') }
  return { type: 'budgetToken', ...record, ...row.fitness }
}

function requestToExport(found: Row): RequestExport {
  const row = new StoredRow(REQUESTS, found, true)
  const record = {
    ...toRequest(row),
    status: row.text('status') as RequestExport['status'], // core marks any other word as unfit
    createdAt: row.time('created_at'),
    resolvedAt: row.timeOrNull('resolved_at'),
    decision: row.textOrNull('human_decision'),
  }
  return { type: 'request', ...record, ...row.fitness }
}
