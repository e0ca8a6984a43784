import type { EventExport } from '@dir/storage-core'
import type { Operations, SyncImplementation } from '@dir/storage-core/adapter'
import { isOlderThan, rowsOfFlow } from './prune.ts'
import type { Statements } from './statements.ts'
import { byRowid, exportPage } from './export-page.ts'
import { type Row, type SqlValue, StoredRow } from './stored-row.ts'
import { now } from './time.ts'

const TABLE = 'decision_audit_events'

export const decisionAudit: SyncImplementation<Operations['decisionAudit'], Statements> = {
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

  eventsPage(db, { dfid, event, afterSeq, beforeSeq, newestFirst, limit }) {
    const values: SqlValue[] = [afterSeq]
    let where = 'id > ?'
    for (const [condition, value] of [
      ['id < ?', beforeSeq],
      ['dfid = ?', dfid],
      ['event = ?', event],
    ] as const) {
      if (value === null) continue
      where += ` AND ${condition}`
      values.push(value)
    }
    const order = newestFirst ? 'id DESC' : 'id'
    const rows = db.page(
      /* sql */ `SELECT * FROM decision_audit_events WHERE ${where} ORDER BY ${order} LIMIT ?`,
      ...values,
      limit,
    )
    return rows.map((found) => {
      const row = new StoredRow(TABLE, found, true)
      return { ...toEvent(row), ...row.trouble }
    })
  },

  pruneFlow: rowsOfFlow(TABLE, (db, dfid, before) => {
    const last = db.get(/* sql */ `SELECT dfid FROM decision_audit_events ORDER BY id DESC LIMIT 1`)
    const times = db.all(
      /* sql */ `SELECT DISTINCT timestamp FROM decision_audit_events WHERE dfid = ?`,
      dfid,
    )
    return last?.['dfid'] !== dfid && times.every((row) => isOlderThan(row['timestamp'], before))
  }),

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
