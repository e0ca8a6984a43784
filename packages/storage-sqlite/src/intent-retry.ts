import type { RetryCountExport } from '@dir/storage-core'
import { type Operations, type SyncImplementation, nextCount } from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { byRowid, exportPage } from './export-page.ts'
import { rowsOfFlow } from './prune.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { now, toColumn } from './time.ts'

const TABLE = 'intent_retry'

function getCount(db: Statements, dfid: string): number {
  const row = db.get(/* sql */ `SELECT rejection_count FROM intent_retry WHERE dfid = ?`, dfid)
  return row === undefined ? 0 : new StoredRow(TABLE, row).number('rejection_count')
}

function setCount(db: Statements, dfid: string, count: number, time = now()): void {
  db.run(
    /* sql */ `INSERT INTO intent_retry (dfid, rejection_count, updated_at) VALUES (?, ?, ?)
      ON CONFLICT (dfid) DO UPDATE SET
        rejection_count = excluded.rejection_count, updated_at = excluded.updated_at`,
    dfid,
    count,
    toColumn(time),
  )
}

export const intentRetry: SyncImplementation<Operations['intentRetry'], Statements> = {
  getCount,

  setCount: (db, dfid, count) => setCount(db, dfid, count),

  delete(db, dfid) {
    db.run(/* sql */ `DELETE FROM intent_retry WHERE dfid = ?`, dfid)
  },

  increment(db, dfid) {
    const count = nextCount(getCount(db, dfid))
    setCount(db, dfid, count)
    return count
  },

  pruneFlow: rowsOfFlow(TABLE),

  exportPage: (db, cursor) => exportPage(db, cursor, [{ sql: byRowid(TABLE), toItem: toExport }]),

  importPage(db, items) {
    for (const { dfid, count, updatedAt } of items) setCount(db, dfid, count, updatedAt)
  },
}

function toExport(found: Row): RetryCountExport {
  const row = new StoredRow(TABLE, found, true)
  const record = {
    dfid: row.text('dfid'),
    count: row.number('rejection_count'),
    updatedAt: row.time('updated_at'),
  }
  return { type: 'retryCount', ...record, ...row.fitness }
}
