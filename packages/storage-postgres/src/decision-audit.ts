import type { EventExport } from '@dir/storage-core'
import type { DecisionAuditReads, DecisionAuditWrites } from '@dir/storage-core/adapter'
import { bounded, byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { GIVEN, type PgProtocol } from './protocol.ts'
import { beforeOf, judging, removing } from './prune.ts'
import { type Row, type SqlValue, number, text } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

const COLUMNS = `seq, dfid, event, ${utc('"timestamp"')}, step_id, state, detail_json`

export const decisionAudit: PgProtocol<DecisionAuditReads, DecisionAuditWrites, EventExport> = {
  reads: {
    async eventsPage(db, { dfid, event, afterSeq, beforeSeq, newestFirst, limit }) {
      const values: SqlValue[] = [afterSeq, limit]
      let where = 'seq > $1'
      for (const [condition, value] of [
        ['seq <', beforeSeq],
        ['dfid =', dfid],
        ['event =', event],
      ] as const)
        if (value !== null) where += ` AND ${condition} $${values.push(value)}`
      const order = newestFirst ? 'seq DESC' : 'seq'
      const query = /* sql */ `SELECT * FROM ${db.schema}decision_audit_events WHERE ${where} ORDER BY ${order} LIMIT $2`
      const rows = await db.read(
        bounded(query, COLUMNS, order, ['detail_json', 'event', 'step_id', 'state']),
        ...values,
      )
      return rows.map(toEvent)
    },
  },

  writes: {
    recordMany: {
      // whoever appends holds the audit lock from before a `seq` is drawn until the commit, so no lower one appears later
      locks: () => ({ appends: true }),
      toArgs: ([events]) =>
        events.map(({ dfid, event, stepId, state, detailsJson }) => [
          dfid,
          event,
          stepId,
          state,
          detailsJson,
        ]),
      write: /* sql */ `
        WITH numbered AS MATERIALIZED (
          SELECT w, c, e, nextval('audit_seq') AS seq FROM (
            SELECT w, c, e FROM ${GIVEN}, jsonb_array_elements(a) WITH ORDINALITY AS one (e, place)
            ORDER BY w, c, place
          ) AS sorted
        ), added AS (
          INSERT INTO decision_audit_events (seq, dfid, event, step_id, state, detail_json)
          SELECT seq, e->>0, e->>1, e->>2, e->>3, e->>4 FROM numbered
        )
        SELECT jsonb_agg(jsonb_build_array(w, c, seq)) INTO told FROM numbered;`,
      toAnswer: (seqs) => (seqs as number[]).toSorted((a, b) => a - b),
    },
    pruneFlow: {
      // below it no event appears later: what is judged is what is removed, whoever appends meanwhile
      beforeJudge: /* sql */ `last_seq := (SELECT max(seq) FROM decision_audit_events);`,
      ...judging(/* sql */ `(SELECT true FROM decision_audit_events
          WHERE dfid = a->>0 AND (seq >= last_seq OR "timestamp" >= ${beforeOf('a')}) LIMIT 1)`),
      write: removing('decision_audit_events', 'dfid', 'seq < last_seq'),
    },
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      table: 'decision_audit_events',
      columns: COLUMNS,
      key: ['seq'],
      large: ['detail_json'],
      toItem: (row) => ({ type: 'event' as const, ...toEvent(row) }),
    }),

  async importPage(db, items) {
    await importRows(
      db,
      'decision_audit_events',
      ['seq'],
      items.map(({ seq, dfid, event, timestamp, stepId, state, detailsJson }) => ({
        seq,
        dfid,
        event,
        timestamp: toTimestamp(timestamp),
        step_id: stepId,
        state,
        detail_json: detailsJson,
      })),
    )
  },
}

function toEvent(row: Row) {
  return {
    seq: number(row, 'seq'),
    dfid: text(row, 'dfid'),
    event: text(row, 'event'),
    timestamp: instant(row, 'timestamp'),
    stepId: text(row, 'step_id'),
    state: text(row, 'state'),
    detailsJson: text(row, 'detail_json'),
  }
}
