import type { FlowStatus, TransitionExport } from '@dir/storage-core'
import { type Operations, type SyncImplementation, conditionalWrite } from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { START, byRowid, exportPage } from './export-page.ts'
import { listed } from './listed.ts'
import { isOlderThan, rowsOfFlow } from './prune.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { isOlder, now, toColumn } from './time.ts'

const TABLE = 'flow_transitions'

function getCurrentStatus(db: Statements, dfid: string): string | null {
  const row = db.get(
    /* sql */ `SELECT to_status FROM flow_transitions WHERE dfid = ? ORDER BY id DESC LIMIT 1`,
    dfid,
  )
  return row === undefined ? null : new StoredRow(TABLE, row).text('to_status')
}

function record(
  db: Statements,
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

export const lifecycle: SyncImplementation<Operations['lifecycle'], Statements> = {
  recordTransition: (db, dfid, fromStatus, toStatus) => record(db, dfid, fromStatus, toStatus),

  getTransitions: listed(
    (_: Statements, dfid: string | null) =>
      dfid === null
        ? { sql: /* sql */ `SELECT * FROM flow_transitions ORDER BY id`, values: [] }
        : { sql: /* sql */ `SELECT * FROM flow_transitions WHERE dfid = ? ORDER BY id`, values: [dfid] },
    (found) => {
      const row = new StoredRow(TABLE, found, true)
      return { ...toTransition(row), ...row.trouble }
    },
  ),

  getCurrentStatus,

  flowsPage(db, { status, leastAgeMicros }, cursor) {
    const wanted = status === null ? [] : [status]
    const rows = db.page(
      /* sql */ `SELECT c.id AS "rowid", c.dfid, c.to_status, t.created_at
        FROM current_flows c CROSS JOIN flow_transitions t ON t.id = c.id
        WHERE ${status === null ? '' : 'c.to_status = ? AND'} c.id > ? ORDER BY c.id LIMIT 500`,
      ...wanted,
      BigInt(cursor ?? START),
    )
    const isOld = isOlder(leastAgeMicros)
    const last = rows.at(-1)?.['rowid'] ?? null
    return {
      items: rows
        .filter((found) => typeof found['dfid'] === 'string')
        .map(toFlow)
        .filter(({ since }) => isOld(since)),
      next: last === null ? null : String(last),
    }
  },

  transition: conditionalWrite(
    (db: Statements, dfid: string, fromStatus: string | null, _toStatus: string) =>
      getCurrentStatus(db, dfid) === fromStatus,
    (db, dfid, fromStatus, toStatus) => {
      record(db, dfid, fromStatus, toStatus)
      return true
    },
    getCurrentStatus,
  ),

  expectStatus: conditionalWrite(
    (db: Statements, dfid: string, status: string | null) => getCurrentStatus(db, dfid) === status,
    () => true,
    getCurrentStatus,
  ),

  pruneFlow: rowsOfFlow(TABLE, (db, dfid, before, status) => {
    const last = db.get(
      /* sql */ `SELECT to_status, created_at FROM flow_transitions WHERE dfid = ? ORDER BY id DESC LIMIT 1`,
      dfid,
    )
    return last?.['to_status'] === status && isOlderThan(last['created_at'], before)
  }),

  exportPage: (db, cursor) => exportPage(db, cursor, [{ sql: byRowid(TABLE), toItem: toExport }]),

  importPage(db, items) {
    for (const { dfid, fromStatus, toStatus, createdAt } of items)
      record(db, dfid, fromStatus, toStatus, createdAt)
  },
}

function toFlow(found: Row): FlowStatus {
  const row = new StoredRow(TABLE, found, true)
  const flow = { dfid: row.text('dfid'), status: row.text('to_status'), since: row.time('created_at') }
  return { ...flow, ...row.trouble }
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
