import type { EventExport } from '@dir/storage-core'
import type { Operations, SyncImplementation } from '@dir/storage-core/adapter'
import type { SqliteConnection } from './connection.ts'
import { byRowid, exportPage } from './export-page.ts'
import { type Row, type SqlValue, StoredRow } from './stored-row.ts'
import { now } from './time.ts'

const TABLE = 'decision_audit_events'

export const decisionAudit: SyncImplementation<Operations['decisionAudit'], SqliteConnection> = {
  recordMany(db, events) {
    const timestamp = now()
    return events.map(({ dfid, event, stepId, state, detailsJson }) => {
      const { rowid } = db.run(
        /* sql */ `INSERT INTO decision_audit_events (dfid, event, timestamp, step_id, state, detail_json)
          VALUES (?, ?, ?, ?, ?, ?)`,
        dfid,
        event,
        timestamp,
        stepId,
        state,
        db.json('decision_audit_events.detail_json', detailsJson),
      )
      return rowid
    })
  },

  eventsPage(db, { dfid, event, afterSeq, limit }) {
    const values: SqlValue[] = [afterSeq]
    let where = 'id > ?'
    for (const [column, value] of [
      ['dfid', dfid],
      ['event', event],
    ] as const) {
      if (value === null) continue
      where += ` AND ${column} = ?`
      values.push(value)
    }
    const rows = db.page(
      /* sql */ `SELECT * FROM decision_audit_events WHERE ${where} ORDER BY id LIMIT ?`,
      ...values,
      limit,
    )
    return rows.map((found) => {
      const row = new StoredRow(TABLE, found, true)
      return { ...toEvent(row), ...row.trouble }
    })
  },

  exportPage: (db, cursor) => exportPage(db, cursor, [{ sql: byRowid(TABLE), toItem: toExport }]),

  importPage(db, items) {
    for (const { seq, dfid, event, timestamp, stepId, state, detailsJson } of items)
      db.run(
        /* sql */ `INSERT OR REPLACE INTO decision_audit_events
            (id, dfid, event, timestamp, step_id, state, detail_json)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
        seq,
        dfid,
        event,
        timestamp,
        stepId,
        state,
        db.json('decision_audit_events.detail_json', detailsJson),
      )
  },
}

function toEvent(row: StoredRow) {
  return {
    seq: row.number('id'),
    dfid: row.text('dfid'),
    event: row.text('event'),
    timestamp: row.time('timestamp'),
    stepId: row.text('step_id'),
    state: row.text('state'),
    detailsJson: row.json('detail_json'),
  }
}

function toExport(found: Row): EventExport {
  const row = new StoredRow(TABLE, found, true)
  return { type: 'event', ...toEvent(row), ...row.fitness }
}
