import type { DirtyFlowExport } from '@dir/storage-core'
import type { Operations, SyncImplementation } from '@dir/storage-core/adapter'
import type { SqliteConnection } from './connection.ts'
import { byRowid, exportPage } from './export-page.ts'
import { listed } from './listed.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { now, toColumn } from './time.ts'

const TABLE = 'saga_dirty_state'

function clear(db: SqliteConnection, dfid: string): void {
  db.run(/* sql */ `DELETE FROM saga_dirty_state WHERE dfid = ?`, dfid)
}

function mark(
  db: SqliteConnection,
  dfid: string,
  failedStep: string,
  partialStateJson: string,
  time = now(),
): void {
  clear(db, dfid) // an upsert would keep the rowid, and with it the place in the list
  db.run(
    /* sql */ `INSERT INTO saga_dirty_state (dfid, failed_step, partial_state_json, created_at) VALUES (?, ?, ?, ?)`,
    dfid,
    failedStep,
    db.json('saga_dirty_state.partial_state_json', partialStateJson),
    toColumn(time),
  )
}

export const saga: SyncImplementation<Operations['saga'], SqliteConnection> = {
  markDirty: (db, dfid, failedStep, partialStateJson) => mark(db, dfid, failedStep, partialStateJson),

  getDirtyFlows: listed(
    () => ({
      sql: /* sql */ `SELECT dfid FROM saga_dirty_state WHERE typeof(dfid) = 'text' ORDER BY rowid`,
      values: [],
    }),
    (row) => new StoredRow(TABLE, row).text('dfid'),
  ),

  getDirtyState(db, dfid) {
    const found = db.get(/* sql */ `SELECT * FROM saga_dirty_state WHERE dfid = ?`, dfid)
    if (found === undefined) return null
    const row = new StoredRow(TABLE, found)
    return { failedStep: row.text('failed_step'), partialStateJson: row.jsonOrEmpty('partial_state_json') }
  },

  clearDirty: clear,

  exportPage: (db, cursor) => exportPage(db, cursor, [{ sql: byRowid(TABLE), toItem: toExport }]),

  importPage(db, items) {
    for (const { dfid, failedStep, partialStateJson, createdAt } of items)
      mark(db, dfid, failedStep, partialStateJson, createdAt)
  },
}

function toExport(found: Row): DirtyFlowExport {
  const row = new StoredRow(TABLE, found, true)
  const record = {
    dfid: row.text('dfid'),
    failedStep: row.text('failed_step'),
    partialStateJson: row.jsonOrEmpty('partial_state_json'),
    createdAt: row.time('created_at'),
  }
  return { type: 'dirtyFlow', ...record, ...row.fitness }
}
