import {
  type DecisionAuditOperations,
  type Implementation,
  type NewEvent,
  hostMicros,
} from '@dir/storage-core'
import { randomUUID } from 'node:crypto'
import { bounded, byKey, importRows } from './page.ts'
import { type PgSession, type Row, type SqlValue, number, text } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

const COLUMNS = `seq, dfid, event, ${utc('"timestamp"')}, step_id, state, detail_json`

/** An event under an id that is ours: sent twice, it is there once. */
export interface IdentifiedEvent extends NewEvent {
  readonly eventId: string
}

/** Ids that rise with time, so that the index of them grows at its end. */
export function identified(events: readonly NewEvent[]): IdentifiedEvent[] {
  const time = Math.floor(hostMicros() / 1000)
    .toString(16)
    .padStart(12, '0')
  return events.map((event) => ({
    ...event,
    eventId: `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`,
  }))
}

/**
 * Appends events next to one another, in the order given; those that are there already stay as they are. Whoever
 * appends holds the audit lock from before the first `seq` is drawn until the commit, so no lower one appears later.
 */
export async function append(
  db: PgSession,
  auditLock: bigint,
  events: readonly IdentifiedEvent[],
): Promise<number[]> {
  const rows = await db.write(
    /* sql */ `WITH audit AS MATERIALIZED (SELECT pg_advisory_xact_lock($1))
      INSERT INTO ${db.schema}decision_audit_events (event_id, dfid, event, step_id, state, detail_json)
      SELECT event_id, dfid, event, step_id, state, detail_json
      FROM audit, unnest($2::UUID[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[]) WITH ORDINALITY
        AS e (event_id, dfid, event, step_id, state, detail_json, position)
      ORDER BY position ON CONFLICT (event_id) DO NOTHING RETURNING seq`,
    String(auditLock),
    events.map(({ eventId }) => eventId),
    events.map(({ dfid }) => dfid),
    events.map(({ event }) => event),
    events.map(({ stepId }) => stepId),
    events.map(({ state }) => state),
    events.map(({ detailsJson }) => detailsJson),
  )
  if (rows.length === events.length) return rows.map((row) => number(row, 'seq'))
  const found = await db.read(
    /* sql */ `SELECT event_id, seq FROM ${db.schema}decision_audit_events WHERE event_id = ANY($1::UUID[])`,
    events.map(({ eventId }) => eventId),
  )
  const seqs = new Map(found.map((row) => [text(row, 'event_id'), number(row, 'seq')]))
  return events.map(({ eventId }) => seqs.get(eventId) as number)
}

export const decisionAudit: Implementation<Omit<DecisionAuditOperations, 'recordMany'>, PgSession> = {
  async eventsPage(db, { dfid, event, afterSeq, limit }) {
    const values: SqlValue[] = [afterSeq]
    let where = 'seq > $1'
    for (const [column, value] of [
      ['dfid', dfid],
      ['event', event],
    ] as const)
      if (value !== null) where += ` AND ${column} = $${values.push(value)}`
    const query = /* sql */ `SELECT * FROM ${db.schema}decision_audit_events WHERE ${where} ORDER BY seq LIMIT ${limit}`
    const rows = await db.read(
      bounded(query, COLUMNS, 'seq', ['detail_json', 'event', 'step_id', 'state']),
      ...values,
    )
    return rows.map(toEvent)
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
    const ids = identified(items)
    await importRows(
      db,
      'decision_audit_events',
      ['seq'],
      items.map(({ seq, dfid, event, timestamp, stepId, state, detailsJson }, index) => ({
        seq,
        event_id: ids[index]?.eventId ?? null,
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
