import type { ContextExport } from '@dir/storage-core'
import {
  type ContextKind,
  type Operations,
  type SyncImplementation,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { type Source, byRowid, exportPage } from './export-page.ts'
import { rowsOfFlow } from './prune.ts'
import { StoredRow } from './stored-row.ts'
import { now, toColumn } from './time.ts'

const TABLES = {
  session: {
    name: 'context_session',
    id: 'dfid',
    get: /* sql */ `SELECT data FROM context_session WHERE dfid = ?`,
    set: /* sql */ `INSERT INTO context_session (dfid, data, updated_at) VALUES (?, ?, ?)
      ON CONFLICT (dfid) DO UPDATE SET data = excluded.data, updated_at = excluded.updated_at`,
  },
  state: {
    name: 'context_state',
    id: 'agent_id',
    get: /* sql */ `SELECT data FROM context_state WHERE agent_id = ?`,
    set: /* sql */ `INSERT INTO context_state (agent_id, data, updated_at) VALUES (?, ?, ?)
      ON CONFLICT (agent_id) DO UPDATE SET
        data = excluded.data, updated_at = excluded.updated_at, version = version + 1`,
  },
} as const

function get(db: Statements, kind: ContextKind, id: string): string | null {
  const { name, get: sql } = TABLES[kind]
  const row = db.get(sql, id)
  return row === undefined ? null : new StoredRow(name, row).json('data')
}

const found = (db: Statements, kind: ContextKind, id: string): string | null =>
  get(db, kind, id) === null ? null : 'other'

function set(db: Statements, kind: ContextKind, id: string, dataJson: string, time = now()): void {
  const table = TABLES[kind]
  db.run(table.set, id, db.json(`${table.name}.data`, dataJson), toColumn(time))
}

export const context: SyncImplementation<Operations['context'], Statements> = {
  get,

  set: (db, kind, id, dataJson) => set(db, kind, id, dataJson),

  compareAndSet: conditionalWrite(
    (db: Statements, kind: ContextKind, id: string, expectedJson: string | null, _dataJson: string) =>
      get(db, kind, id) === expectedJson,
    (db, kind, id, _expectedJson, dataJson) => {
      set(db, kind, id, dataJson)
      return true
    },
    found,
  ),

  expectSession: conditionalWrite(
    (db: Statements, dfid: string, expectedJson: string | null) => get(db, 'session', dfid) === expectedJson,
    () => true,
    (db, dfid) => found(db, 'session', dfid),
  ),

  pruneFlow: rowsOfFlow(TABLES.session.name),

  exportPage: (db, cursor) => exportPage(db, cursor, [source('session'), source('state')]),

  importPage(db, items) {
    for (const { type, id, dataJson, updatedAt } of items) set(db, type, id, dataJson, updatedAt)
  },
}

function source(type: ContextKind): Source<ContextExport> {
  const { name, id } = TABLES[type]
  return {
    sql: byRowid(name),
    toItem(found) {
      const row = new StoredRow(name, found, true)
      const record = { id: row.text(id), dataJson: row.json('data'), updatedAt: row.time('updated_at') }
      return { type, ...record, ...row.fitness }
    },
  }
}
