import type { TransitionExport } from '@dir/storage-core'
import { type Operations, type SyncImplementation, conditionalWrite } from '@dir/storage-core/adapter'
import type { SqliteConnection } from './connection.ts'
import { byRowid, exportPage } from './export-page.ts'
import { listed } from './listed.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { now, toColumn } from './time.ts'

const TABLE = 'flow_transitions'

function getCurrentStatus(db: SqliteConnection, dfid: string): string | null {
  const row = db.get(
    /* sql */ `SELECT to_status FROM flow_transitions WHERE dfid = ? ORDER BY id DESC LIMIT 1`,
    dfid,
  )
  return row === undefined ? null : new StoredRow(TABLE, row).text('to_status')
}

function record(
  db: SqliteConnection,
  dfid: string,
  fromStatus: string | null,
  toStatus: string,
  time = now(),
): void {
  db.run(
    /* sql */ `INSERT INTO flow_transitions (dfid, from_status, to_status, created_at) VALUES (?, ?, ?, ?)`,
    dfid,
    fromStatus,
    toStatus,
    toColumn(time),
  )
}

export const lifecycle: SyncImplementation<Operations['lifecycle'], SqliteConnection> = {
  recordTransition: (db, dfid, fromStatus, toStatus) => record(db, dfid, fromStatus, toStatus),

  getTransitions: listed(
    (_: SqliteConnection, dfid: string | null) =>
      dfid === null
        ? { sql: /* sql */ `SELECT * FROM flow_transitions ORDER BY id`, values: [] }
        : { sql: /* sql */ `SELECT * FROM flow_transitions WHERE dfid = ? ORDER BY id`, values: [dfid] },
    (found) => {
      const row = new StoredRow(TABLE, found, true)
      return { ...toTransition(row), ...row.trouble }
    },
  ),

  getCurrentStatus,

  transition: conditionalWrite(
    (db: SqliteConnection, dfid: string, fromStatus: string | null, _toStatus: string) =>
      getCurrentStatus(db, dfid) === fromStatus,
    (db, dfid, fromStatus, toStatus) => {
      record(db, dfid, fromStatus, toStatus)
      return true
    },
  ),

  expectStatus: conditionalWrite(
    (db: SqliteConnection, dfid: string, status: string | null) => getCurrentStatus(db, dfid) === status,
    () => true,
  ),

  exportPage: (db, cursor) => exportPage(db, cursor, [{ sql: byRowid(TABLE), toItem: toExport }]),

  importPage(db, items) {
    for (const { dfid, fromStatus, toStatus, createdAt } of items)
      record(db, dfid, fromStatus, toStatus, createdAt)
  },
}

function toTransition(row: StoredRow) {
  return {
    dfid: row.text('dfid'),
    fromStatus: row.textOrNull('from_status'),
    toStatus: row.text('to_status'),
    createdAt: row.time('created_at'),
  }
}

function toExport(found: Row): TransitionExport {
  const row = new StoredRow(TABLE, found, true)
  return { type: 'transition', ...toTransition(row), ...row.fitness }
}
