import type { BudgetTokenExport, EscalationRequest, RequestExport } from '@dir/storage-core'
import {
  type Operations,
  type Resolution,
  type SyncImplementation,
  conditionalWrite,
  formatMicros,
  hostMicros,
  parseInstant,
} from '@dir/storage-core/adapter'
import { addToken, getWindowCount } from './budget.ts'
import type { Statements } from './statements.ts'
import { START, byRowid, exportPage } from './export-page.ts'
import { listed } from './listed.ts'
import { WITH_RESOLVER, requestToExport, toRequest, toRow, writeRequest, writeResolver } from './requests.ts'
import { isOlderThan, oldRows, rowsOfFlow } from './prune.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { isOlder, now, nowAfter, toColumn } from './time.ts'

const TOKENS = 'escalation_budget'
const REQUESTS = 'escalation_requests'

/** The status and the time of a flow's request; the time is null where it cannot be read. */
function standing(db: Statements, dfid: string) {
  const row = db.get(/* sql */ `SELECT status, created_at FROM escalation_requests WHERE dfid = ?`, dfid)
  if (row === undefined) return null
  return { status: row['status'], createdAt: parseInstant(String(row['created_at'])) }
}

function insertRequest(db: Statements, request: EscalationRequest): void {
  const replaced = standing(db, request.dfid)?.createdAt ?? null
  writeRequest(db, request, replaced === null ? now() : nowAfter(replaced))
}

export const escalation: SyncImplementation<Operations['escalation'], Statements> = {
  getWindowCount,

  recordBudgetToken: (db, agentId) => addToken(db, agentId),

  insertRequest,

  resolveRequest: conditionalWrite(
    (db: Statements, { dfid, createdAt }: Resolution) => {
      const request = standing(db, dfid)
      return request?.status === 'PENDING' && (createdAt === null || createdAt === request.createdAt)
    },
    (db, { dfid, resolvedAt, decision, proposalJson, resolvedBy }) => {
      db.run(
        /* sql */ `UPDATE escalation_requests SET status = 'RESOLVED', resolved_at = ?, human_decision = ?,
            proposal_json = COALESCE(?, proposal_json)
          WHERE dfid = ?`,
        toColumn(resolvedAt),
        decision,
        proposalJson === null ? null : db.json('escalation_requests.proposal_json', proposalJson),
        dfid,
      )
      writeResolver(db, dfid, resolvedBy)
      return true
    },
    (db, { dfid }) => {
      const request = standing(db, dfid)
      return request && String(request.status)
    },
  ),

  getRequest(db, dfid) {
    const found = db.get(/* sql */ `${WITH_RESOLVER} WHERE q.dfid = ?`, dfid)
    return found === undefined ? null : toRow(found)
  },

  requestsPage(db, { status, agentId, leastAgeMicros }, cursor) {
    // by one index, with a limit to what is looked at: however few of many rows fit, no page takes long
    const [where, ...values] =
      status === 'PENDING'
        ? [/* sql */ `q.status = 'PENDING' AND`]
        : agentId === null
          ? ['']
          : [/* sql */ `q.agent_id = ? AND`, agentId]
    const sql = /* sql */ `${WITH_RESOLVER} WHERE ${where} q.rowid > ? ORDER BY q.rowid LIMIT 500`
    const page = db.page(sql, ...values, BigInt(cursor ?? START))
    const fits = (found: Row): boolean =>
      typeof found['dfid'] === 'string' &&
      (status === null || found['status'] === status) &&
      (agentId === null || found['agent_id'] === agentId)
    const isOld = isOlder(leastAgeMicros)
    const last = page.at(-1)?.['rowid'] ?? null
    return {
      items: page
        .filter(fits)
        .map(toRow)
        .filter(({ createdAt }) => isOld(createdAt)),
      next: last === null ? null : String(last),
    }
  },

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

  pruneFlow: rowsOfFlow(REQUESTS, (db, dfid, before) => {
    const request = db.get(
      /* sql */ `SELECT status, resolved_at FROM escalation_requests WHERE dfid = ?`,
      dfid,
    )
    const isDecided = request?.['status'] === 'RESOLVED' && isOlderThan(request['resolved_at'], before)
    return request === undefined || isDecided
  }),

  prunePage: (db, before, kept, cursor, dryRun) => oldRows(db, TOKENS, '1', [before, kept], cursor, dryRun),

  exportPage: (db, cursor) =>
    exportPage<BudgetTokenExport | RequestExport>(db, cursor, [
      { sql: byRowid(TOKENS), toItem: tokenToExport },
      {
        sql: /* sql */ `${WITH_RESOLVER} WHERE q.rowid > ? ORDER BY q.rowid LIMIT 500`,
        toItem: requestToExport,
      },
    ]),

  importPage(db, items) {
    for (const item of items) {
      if (item.type === 'budgetToken') addToken(db, item.agentId, item.createdAt)
      else {
        writeRequest(db, item, item.createdAt, [item.status, item.resolvedAt, item.decision])
        writeResolver(db, item.dfid, item.resolvedBy ?? null)
      }
    }
  },
}

function tokenToExport(found: Row): BudgetTokenExport {
  const row = new StoredRow(TOKENS, found, true)
  const record = { agentId: row.text('agent_id'), createdAt: row.time('created_at') }
  return { type: 'budgetToken', ...record, ...row.fitness }
}
