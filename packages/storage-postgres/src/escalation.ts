import type { BudgetAnswer, EscalationExport, RequestExport } from '@dir/storage-core'
import type { EscalationReads, EscalationWrites } from '@dir/storage-core/adapter'
import { byKey, inTurn } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { BY_ID, GIVEN, type PgProtocol, isNotOwn } from './protocol.ts'
import { beforeOf, judging, pruningPages, removing } from './prune.ts'
import { DECISION_COLUMNS, REQUESTS, REQUEST_COLUMNS, pageOf, toRequest, toRow } from './requests.ts'
import { number, text } from './session.ts'
import { instant, toTimestamp, toTimestampOrNull, utc } from './time.ts'

/** Opens requests. */
const OPEN = (request: string, from: string): string => /* sql */ `
  INSERT INTO escalation_requests AS q (dfid, agent_id, reason, context_json, proposal_json, impact)
  SELECT r->>'dfid', r->>'agentId', r->>'reason', r->>'contextJson', r->>'proposalJson', r->>'impact'
  FROM (SELECT w, c, ${request} AS r FROM ${from}) AS asked ORDER BY w, c
  ON CONFLICT (dfid) DO UPDATE SET agent_id = EXCLUDED.agent_id, reason = EXCLUDED.reason,
    context_json = EXCLUDED.context_json, proposal_json = EXCLUDED.proposal_json, impact = EXCLUDED.impact,
    status = 'PENDING', resolved_at = NULL, human_decision = NULL, resolved_by = NULL, position = EXCLUDED.position,
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
      return rows.map(toRequest)
    },

    async getRequest(db, dfid) {
      const sql = /* sql */ `SELECT ${REQUEST_COLUMNS}, ${DECISION_COLUMNS} FROM ${db.schema}escalation_requests WHERE dfid = $1`
      const [row] = await db.read(sql, dfid)
      return row === undefined ? null : toRow(row)
    },

    requestsPage: (db, filter, cursor) => byKey(db, cursor, pageOf(filter)),
  },

  writes: {
    recordBudgetToken: {
      write: /* sql */ `INSERT INTO escalation_budget (agent_id) SELECT a->>0 FROM ${GIVEN} ORDER BY w, c;`,
    },
    insertRequest: { write: `${OPEN('a->0', GIVEN)};` },
    resolveRequest: {
      toArgs: ([{ dfid, resolvedAt, decision, proposalJson, createdAt, resolvedBy }]) => [
        dfid,
        toTimestamp(resolvedAt),
        decision,
        proposalJson,
        toTimestampOrNull(createdAt),
        resolvedBy,
      ],
      judge: isNotOwn(/* sql */ `
        SELECT CASE WHEN status = 'PENDING' AND (a->>4 IS NULL OR created_at = (a->>4)::TIMESTAMPTZ)
          THEN 'own' ELSE status END
        FROM escalation_requests WHERE dfid = a->>0`),
      // what the batch itself has done to the request before does not count
      write: /* sql */ `${BY_ID}
        UPDATE escalation_requests SET status = 'RESOLVED', resolved_at = (by_id->dfid->>1)::TIMESTAMPTZ,
          human_decision = by_id->dfid->>2, resolved_by = by_id->dfid->>5,
          proposal_json = coalesce(by_id->dfid->>3, proposal_json)
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
    pruneFlow: {
      ...judging(/* sql */ `(SELECT (status = 'RESOLVED' AND resolved_at < ${beforeOf('a')}) IS NOT TRUE
          FROM escalation_requests WHERE dfid = a->>0)`),
      write: removing('escalation_requests'),
    },
    prunePage: pruningPages(
      'escalation_budget',
      ['id', 'BIGINT', '-9223372036854775808'],
      [],
      (before) => `created_at < ${before}`,
    ),
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
        ...REQUESTS,
        toItem(row): RequestExport {
          const { resolvedBy, ...request } = toRow(row)
          return { type: 'request', ...request, ...(resolvedBy === null ? {} : { resolvedBy }) }
        },
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
          resolved_by: request.resolvedBy ?? null,
        })),
    )
  },
}
