import { type DecisionAuditOperations, type Implementation, type NewEvent } from '@dir/storage-core'
import { randomUUID } from 'node:crypto'
import { bounded, byKey, importRows } from './page.ts'
import { type PgSession, type Row, type SqlValue, number, text } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

const COLUMNS = `seq, dfid, event, ${utc('"timestamp"')}, step_id, state, detail_json`

/** A name for events that are sent together: sent twice, they are there once. It rises with time, as its index likes it. */
export function newBatchId(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`
}

/**
 * Appends events next to one another, in the order given; all of them or, if their batch is there already, none. Whoever
 * appends holds the audit lock from before the first `seq` is drawn until the commit, so no lower one appears later.
 */
export async function append(
  db: PgSession,
  auditLock: bigint,
  batchId: string,
  events: readonly NewEvent[],
): Promise<number[]> {
  const [first] = events
  const values = (column: keyof NewEvent): SqlValue =>
    events.length === 1 ? (first?.[column] ?? null) : events.map((event) => event[column])
  // the batch's id stands in its first row only: an index of one entry a batch costs the others nothing
  const rows = await db.write(
    /* sql */ `INSERT INTO ${db.schema}decision_audit_events (batch_id, dfid, event, step_id, state, detail_json)
      ${events.length === 1 ? ONE : MANY} RETURNING seq`,
    String(auditLock),
    batchId,
    values('dfid'),
    values('event'),
    values('stepId'),
    values('state'),
    values('detailsJson'),
  )
  return rows.map((row) => number(row, 'seq'))
}

const ONE = /* sql */ `SELECT $2::UUID, $3, $4, $5, $6, $7 FROM pg_advisory_xact_lock($1)`
const MANY = /* sql */ `SELECT CASE n WHEN 1 THEN $2::UUID END, dfid, event, step_id, state, detail_json
  FROM pg_advisory_xact_lock($1), unnest($3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[])
    WITH ORDINALITY AS e (dfid, event, step_id, state, detail_json, n) ORDER BY n`

/** The `seq`s of a batch, whose events stand next to one another; null: it is not there. */
export async function seqsOf(db: PgSession, batchId: string, count: number): Promise<number[] | null> {
  const [row] = await db.read(
    /* sql */ `SELECT seq FROM ${db.schema}decision_audit_events WHERE batch_id = $1::UUID`,
    batchId,
  )
  if (row === undefined) return null
  const first = number(row, 'seq')
  return Array.from({ length: count }, (_, index) => first + index)
}

export const decisionAudit: Implementation<Omit<DecisionAuditOperations, 'recordMany'>, PgSession> = {
  async eventsPage(db, { dfid, event, afterSeq, limit }) {
    const values: SqlValue[] = [afterSeq, limit]
    let where = 'seq > $1'
    for (const [column, value] of [
      ['dfid', dfid],
      ['event', event],
    ] as const)
      if (value !== null) where += ` AND ${column} = $${values.push(value)}`
    const query = /* sql */ `SELECT * FROM ${db.schema}decision_audit_events WHERE ${where} ORDER BY seq LIMIT $2`
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
