import type { BudgetAnswer, EscalationExport, EscalationRequest, RequestExport } from '@dir/storage-core'
import type { EscalationReads, EscalationWrites } from '@dir/storage-core/adapter'
import { inTurn } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { BY_ID, GIVEN, type PgProtocol } from './protocol.ts'
import { type Row, number, text, textOrNull } from './session.ts'
import { instant, instantOrNull, toTimestamp, toTimestampOrNull, utc } from './time.ts'

const REQUEST_COLUMNS = `dfid, agent_id, reason, context_json, proposal_json, impact, ${utc('created_at')}`

/** Opens requests. */
const OPEN = (request: string, from: string): string => /* sql */ `
  INSERT INTO escalation_requests AS q (dfid, agent_id, reason, context_json, proposal_json, impact)
  SELECT r->>'dfid', r->>'agentId', r->>'reason', r->>'contextJson', r->>'proposalJson', r->>'impact'
  FROM (SELECT w, c, ${request} AS r FROM ${from}) AS asked ORDER BY w, c
  ON CONFLICT (dfid) DO UPDATE SET agent_id = EXCLUDED.agent_id, reason = EXCLUDED.reason,
    context_json = EXCLUDED.context_json, proposal_json = EXCLUDED.proposal_json, impact = EXCLUDED.impact,
    status = 'PENDING', resolved_at = NULL, human_decision = NULL, position = EXCLUDED.position,
    created_at = greatest(clock_timestamp(), q.created_at + INTERVAL '1 microsecond')`

export const escalation: PgProtocol<EscalationReads, EscalationWrites, EscalationExport> = {
  reads: {
    async getWindowCount(db, agentId, since) {
      const [row] = await db.read(
        /* sql */ `SELECT ${db.schema}window_count($1, $2::TIMESTAMPTZ) AS used`,
        agentId,
        toTimestamp(since),
      )
      return number(row, 'used')
    },

    async getPendingRequests(db) {
      const rows = await db.read(/* sql */ `SELECT ${REQUEST_COLUMNS} FROM ${db.schema}escalation_requests
        WHERE status = 'PENDING' ORDER BY position`)
      return rows.map((row) => ({ ...toRequest(row), createdAt: instant(row, 'created_at') }))
    },
  },

  writes: {
    recordBudgetToken: {
      write: /* sql */ `INSERT INTO escalation_budget (agent_id) SELECT a->>0 FROM ${GIVEN} ORDER BY w, c;`,
    },
    insertRequest: { write: `${OPEN('a->0', GIVEN)};` },
    resolveRequest: {
      toArgs: ([{ dfid, resolvedAt, decision, proposalJson, createdAt }]) => [
        dfid,
        toTimestamp(resolvedAt),
        decision,
        proposalJson,
        toTimestampOrNull(createdAt),
      ],
      judge: /* sql */ `SELECT w, c, NULL FROM ${GIVEN}
        WHERE (SELECT true FROM escalation_requests WHERE dfid = a->>0 AND status = 'PENDING'
          AND (a->>4 IS NULL OR created_at = (a->>4)::TIMESTAMPTZ)) IS NULL`,
      // what the batch itself has done to the request before does not count
      write: /* sql */ `${BY_ID}
        UPDATE escalation_requests SET status = 'RESOLVED', resolved_at = (by_id->dfid->>1)::TIMESTAMPTZ,
          human_decision = by_id->dfid->>2, proposal_json = coalesce(by_id->dfid->>3, proposal_json)
        WHERE dfid = ANY(ids);`,
    },
    consumeBudget: {
      write: /* sql */ `
        WITH counted AS MATERIALIZED (
          SELECT w, c, a, (a->>1)::BIGINT AS most,
            window_count(a->>0, moment - (a->>2)::BIGINT * INTERVAL '1 microsecond') AS used FROM ${GIVEN}
        ), granted AS (
          INSERT INTO escalation_budget (agent_id) SELECT a->>0 FROM counted WHERE used < most ORDER BY w, c
        ), opened AS (${OPEN('a->3', 'counted WHERE used < most AND a->>3 IS NOT NULL')})
        SELECT jsonb_agg(jsonb_build_array(w, c, used < most, used)) INTO told FROM counted;`,
      toAnswer: ([granted, used]): BudgetAnswer => ({
        granted: granted === true,
        used: Number(used) + (granted === true ? 1 : 0),
      }),
    },
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
