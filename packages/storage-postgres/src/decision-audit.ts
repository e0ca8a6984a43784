import type { EventExport } from '@dir/storage-core'
import type {
  DecisionAuditReads,
  DecisionAuditWrites,
  EventPageFilter,
  EventPlace,
} from '@dir/storage-core/adapter'
import { bounded, byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { GIVEN, type PgProtocol } from './protocol.ts'
import { beforeOf, judging, removing } from './prune.ts'
import { type Row, type SqlValue, number, text, textOrNull } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

const COLUMNS = `seq, dfid, event, ${utc('"timestamp"')}, step_id, state, agent_id, detail_json`

export const decisionAudit: PgProtocol<DecisionAuditReads, DecisionAuditWrites, EventExport> = {
  reads: {
    async eventsPage(db, filter) {
      const { query, values, order, isInside } = selecting(db.schema, filter)
      const columns = `${COLUMNS}, (${isInside})::TEXT AS is_inside`
      const rows = await db.read(
        bounded(query, columns, order, ['detail_json', 'event', 'step_id', 'state']),
        ...values,
      )
      return rows
        .filter((row) => row['is_inside'] === 'true')
        .map((row) => ({ ...toEvent(row), agentId: textOrNull(row, 'agent_id') }))
    },
  },

  writes: {
    recordMany: {
      // whoever appends holds the audit lock from before a `seq` is drawn until the commit, so no lower one appears later
      locks: () => ({ appends: true }),
      toArgs: ([events]) =>
        events.map(({ dfid, event, stepId, state, agentId, detailsJson }) => [
          dfid,
          event,
          stepId,
          state,
          detailsJson,
          agentId,
        ]),
      write: /* sql */ `
        WITH numbered AS MATERIALIZED (
          SELECT w, c, e, nextval('audit_seq') AS seq FROM (
            SELECT w, c, e FROM ${GIVEN}, jsonb_array_elements(a) WITH ORDINALITY AS one (e, place)
            ORDER BY w, c, place
          ) AS sorted
        ), added AS (
          INSERT INTO decision_audit_events (seq, dfid, event, step_id, state, detail_json, agent_id)
          SELECT seq, e->>0, e->>1, e->>2, e->>3, e->>4, e->>5 FROM numbered
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
      toItem: toExport,
    }),

  async importPage(db, items) {
    await importRows(
      db,
      'decision_audit_events',
      ['seq'],
      items.map(({ seq, dfid, event, timestamp, stepId, state, agentId = null, detailsJson }) => ({
        seq,
        dfid,
        event,
        timestamp: toTimestamp(timestamp),
        step_id: stepId,
        state,
        agent_id: agentId,
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

function toExport(row: Row): EventExport {
  const agentId = textOrNull(row, 'agent_id')
  return { type: 'event', ...toEvent(row), ...(agentId === null ? {} : { agentId }) }
}

const LAST = String(2n ** 63n - 1n)

/**
 * A query for the events of a page, in the order of an index. Where no other condition stands in it, only the beginning
 * does, and `isInside` looks for the end: with both, a planner without statistics expects a handful of rows, and fetches
 * and sorts them all for each page.
 */
function selecting(
  schema: string,
  { dfid, event, agentId, between, afterSeq, beforeSeq, newestFirst, limit }: EventPageFilter,
) {
  const values: SqlValue[] = []
  const given = (value: SqlValue): string => `$${values.push(value)}`
  const isByAgent = agentId !== null && dfid === null && between === null
  const [key, after, before] =
    between !== null
      ? ([['"timestamp"', 'seq'], placeOf(between.after), placeOf(between.before)] as const)
      : isByAgent
        ? ([
            ['agent_id', 'seq'],
            [agentId, afterSeq],
            [agentId, beforeSeq ?? LAST],
          ] as const)
        : ([['seq'], [afterSeq], [beforeSeq ?? LAST]] as const)
  const columns = key.join(', ')
  const isAfter = `(${columns}) > (${after.map(given).join(', ')})`
  const isBefore = `(${columns}) < (${before.map(given).join(', ')})`
  const [start, end] = newestFirst ? [isBefore, isAfter] : [isAfter, isBefore]
  const more = [
    ...(dfid === null ? [] : [`dfid = ${given(dfid)}`]),
    ...(event === null ? [] : [`event = ${given(event)}`]),
    // in a form of which there is no index: that of the flow, or of time, finds fewer
    ...(agentId === null || isByAgent ? [] : [`agent_id || '' = ${given(agentId)}`]),
  ]
  const conditions = [
    start,
    ...(isByAgent ? ['agent_id IS NOT NULL'] : []),
    ...(more.length > 0 ? [end, ...more] : []),
  ]
  const order = key.map((column) => (newestFirst ? `${column} DESC` : column)).join(', ')
  const query = /* sql */ `SELECT * FROM ${schema}decision_audit_events
    WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ${given(limit)}`
  return { query, values, order, isInside: end }
}

function placeOf({ timestamp, seq }: EventPlace): readonly [string, number] {
  return [toTimestamp(timestamp), seq]
}
