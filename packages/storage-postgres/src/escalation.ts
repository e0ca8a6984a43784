import {
  type EscalationExport,
  type EscalationOperations,
  type EscalationRequest,
  type Implementation,
  type RequestExport,
  type Resolution,
  conditionalSteps,
} from '@dir/storage-core'
import { importRows, inTurn } from './page.ts'
import { type PgSession, type Row, type SqlValue, number, text, textOrNull } from './session.ts'
import { instant, instantOrNull, toTimestamp, toTimestampOrNull, utc } from './time.ts'

const REQUEST_COLUMNS = `dfid, agent_id, reason, context_json, proposal_json, impact, ${utc('created_at')}`

/** Opens the request whose values are $1 to $6. */
const insertSql = (db: PgSession): string => /* sql */ `INSERT INTO ${db.schema}escalation_requests AS r
    (dfid, agent_id, reason, context_json, proposal_json, impact)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (dfid) DO UPDATE SET agent_id = EXCLUDED.agent_id, reason = EXCLUDED.reason,
    context_json = EXCLUDED.context_json, proposal_json = EXCLUDED.proposal_json, impact = EXCLUDED.impact,
    status = 'PENDING', resolved_at = NULL, human_decision = NULL, position = nextval('${db.schema}order_seq'),
    created_at = greatest(clock_timestamp(), r.created_at + INTERVAL '1 microsecond')
  RETURNING 1`

function valuesOf({ dfid, agentId, reason, contextJson, proposalJson, impact }: EscalationRequest): string[] {
  return [dfid, agentId, reason, contextJson, proposalJson, impact]
}

/** Resolves the flow's request where the condition holds, which may have one value more ($5). */
async function resolve(
  db: PgSession,
  { dfid, resolvedAt, decision, proposalJson }: Resolution,
  condition: string,
  ...values: SqlValue[]
): Promise<boolean> {
  const rows = await db.write(
    /* sql */ `UPDATE ${db.schema}escalation_requests SET status = 'RESOLVED', resolved_at = $2::TIMESTAMPTZ,
        human_decision = $3, proposal_json = coalesce($4, proposal_json)
      WHERE dfid = $1 AND ${condition} RETURNING 1`,
    dfid,
    toTimestamp(resolvedAt),
    decision,
    proposalJson,
    ...values,
  )
  return rows.length > 0
}

/** It is open, and the one that was opened then. */
const isOpen = (time: string): string =>
  `status = 'PENDING' AND (${time}::TIMESTAMPTZ IS NULL OR created_at = ${time}::TIMESTAMPTZ)`

export const escalation: Implementation<EscalationOperations, PgSession> = {
  async getWindowCount(db, agentId, since) {
    const [row] = await db.read(
      /* sql */ `SELECT count(*) AS used FROM ${db.schema}escalation_budget
        WHERE agent_id = $1 AND created_at >= $2::TIMESTAMPTZ`,
      agentId,
      toTimestamp(since),
    )
    return number(row, 'used')
  },

  async recordBudgetToken(db, agentId) {
    await db.write(
      /* sql */ `INSERT INTO ${db.schema}escalation_budget (agent_id) VALUES ($1) RETURNING 1`,
      agentId,
    )
  },

  async insertRequest(db, request) {
    await db.write(insertSql(db), ...valuesOf(request))
  },

  resolveRequest: conditionalSteps(
    (db: PgSession, resolution: Resolution) =>
      resolve(db, resolution, isOpen('$5'), toTimestampOrNull(resolution.createdAt)),
    {
      judge: async (db, { dfid, createdAt }) => {
        const rows = await db.read(
          /* sql */ `SELECT 1 FROM ${db.schema}escalation_requests WHERE dfid = $1 AND ${isOpen('$2')} FOR UPDATE`,
          dfid,
          toTimestampOrNull(createdAt),
        )
        return rows.length > 0
      },
      // what the batch itself has done to the request before does not count
      enact: (db, resolution) => resolve(db, resolution, 'true'),
    },
  ),

  async getPendingRequests(db) {
    const rows = await db.read(/* sql */ `SELECT ${REQUEST_COLUMNS} FROM ${db.schema}escalation_requests
        WHERE status = 'PENDING' ORDER BY position`)
    return rows.map((row) => ({ ...toRequest(row), createdAt: instant(row, 'created_at') }))
  },

  // runs under the agent's lock, so that what it counted cannot change before its token is there
  async consumeBudget(db, agentId, limit, windowMicros, request) {
    const [row] = await db.read(
      /* sql */ `WITH used AS (
          SELECT count(*) AS used FROM ${db.schema}escalation_budget
          WHERE agent_id = $1 AND created_at >= (SELECT clock_timestamp()) - $2 * INTERVAL '1 microsecond'
        ), granted AS (
          INSERT INTO ${db.schema}escalation_budget (agent_id) SELECT $1 FROM used WHERE used < $3 RETURNING 1
        )
        SELECT used, (SELECT count(*) FROM granted) AS granted FROM used`,
      agentId,
      windowMicros,
      limit,
    )
    const granted = number(row, 'granted')
    if (granted > 0 && request !== null) await db.write(insertSql(db), ...valuesOf(request))
    return { granted: granted > 0, used: number(row, 'used') + granted }
  },

  exportPage: (db, cursor) =>
    inTurn<EscalationExport>(db, cursor, [
      {
        table: 'escalation_budget',
        columns: `agent_id, ${utc('created_at')}`,
        key: ['id'],
        large: [],
        toItem: (row) => ({
          type: 'budgetToken',
          agentId: text(row, 'agent_id'),
          createdAt: instant(row, 'created_at'),
        }),
      },
      {
        table: 'escalation_requests',
        columns: `${REQUEST_COLUMNS}, status, ${utc('resolved_at')}, human_decision`,
        key: ['position', 'dfid'],
        large: ['context_json', 'proposal_json'],
        toItem: (row) => ({
          type: 'request',
          ...toRequest(row),
          status: text(row, 'status') as RequestExport['status'],
          createdAt: instant(row, 'created_at'),
          resolvedAt: instantOrNull(row, 'resolved_at'),
          decision: textOrNull(row, 'human_decision'),
        }),
      },
    ]),

  async importPage(db, items) {
    await importRows(
      db,
      'escalation_budget',
      [],
      items
        .filter((item) => item.type === 'budgetToken')
        .map(({ agentId, createdAt }) => ({ agent_id: agentId, created_at: toTimestamp(createdAt) })),
    )
    await importRows(
      db,
      'escalation_requests',
      ['dfid'],
      items
        .filter((item) => item.type === 'request')
        .map((request) => ({
          dfid: request.dfid,
          agent_id: request.agentId,
          reason: request.reason,
          context_json: request.contextJson,
          proposal_json: request.proposalJson,
          impact: request.impact,
          status: request.status,
          created_at: toTimestamp(request.createdAt),
          resolved_at: toTimestampOrNull(request.resolvedAt),
          human_decision: request.decision,
        })),
    )
  },
}

function toRequest(row: Row): EscalationRequest {
  return {
    dfid: text(row, 'dfid'),
    agentId: text(row, 'agent_id'),
    reason: text(row, 'reason'),
    contextJson: text(row, 'context_json'),
    proposalJson: text(row, 'proposal_json'),
    impact: text(row, 'impact'),
  }
}
