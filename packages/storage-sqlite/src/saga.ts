import type { DirtyFlowExport } from '@dir/storage-core'
import {
  type DirtyFlowRow,
  type Operations,
  type SyncImplementation,
  flowPruning,
} from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { byRowid, exportPage } from './export-page.ts'
import { listed } from './listed.ts'
import { nextMark } from './meta.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { isOlder, now, toColumn } from './time.ts'

const TABLE = 'saga_dirty_state'

function mark(
  db: Statements,
  dfid: string,
  failedStep: string,
  partialStateJson: string,
  time = now(),
): void {
  // the rowid is the place in the list; SQLite itself would give the last one again once its row is gone
  db.run(
    /* sql */ `INSERT OR REPLACE INTO saga_dirty_state (rowid, dfid, failed_step, partial_state_json, created_at)
      VALUES (?, ?, ?, ?, ?)`,
    nextMark(db),
    dfid,
    failedStep,
    db.json('saga_dirty_state.partial_state_json', partialStateJson),
    toColumn(time),
  )
}

export const saga: SyncImplementation<Operations['saga'], Statements> = {
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
    return found === undefined ? null : toMark(new StoredRow(TABLE, found))
  },

  clearDirty(db, dfid) {
    db.run(/* sql */ `DELETE FROM saga_dirty_state WHERE dfid = ?`, dfid)
  },

  dirtyFlowsPage(db, leastAgeMicros, cursor) {
    const { items, next } = exportPage(db, cursor, [{ sql: byRowid(TABLE), toItem: (found) => found }])
    const isOld = isOlder(leastAgeMicros)
    return {
      items: items
        .filter((found) => typeof found['dfid'] === 'string')
        .map(toListed)
        .filter(({ markedAt }) => isOld(markedAt)),
      next,
    }
  },

  pruneFlow: flowPruning<Statements>({
    isOver: (db, dfid) =>
      db.get(/* sql */ `SELECT 1 FROM saga_dirty_state WHERE dfid = ?`, dfid) === undefined,
  }),

  exportPage: (db, cursor) => exportPage(db, cursor, [{ sql: byRowid(TABLE), toItem: toExport }]),

  importPage(db, items) {
    for (const { dfid, failedStep, partialStateJson, createdAt } of items)
      mark(db, dfid, failedStep, partialStateJson, createdAt)
  },
}

function toMark(row: StoredRow) {
  return { failedStep: row.text('failed_step'), partialStateJson: row.jsonOrEmpty('partial_state_json') }
}

function toListed(found: Row): DirtyFlowRow {
  const row = new StoredRow(TABLE, found, true)
  const flow = { dfid: row.text('dfid'), ...toMark(row), markedAt: row.time('created_at') }
  return { ...flow, ...row.trouble }
}

function toExport(found: Row): DirtyFlowExport {
  const row = new StoredRow(TABLE, found, true)
  const record = { dfid: row.text('dfid'), ...toMark(row), createdAt: row.time('created_at') }
  return { type: 'dirtyFlow', ...record, ...row.fitness }
}
