import { SchemaError } from '@dir/storage-core'
import type { SqliteConnection } from './connection.ts'
import { readMeta, writeMeta } from './meta.ts'
import { ORIGINAL_TABLES, SIDE_TABLES, columnNames, createTables } from './tables.ts'

/**
 * Append only: the position of the last one applied is the schema's version. Python's SQLite reads these too, and
 * may be as old as 3.31: no STRICT, no newer function.
 */
const MIGRATIONS: readonly string[] = [
  createTables({ ...ORIGINAL_TABLES, ...SIDE_TABLES }) +
    /* sql */ `CREATE INDEX IF NOT EXISTS idx_decision_audit_events_dfid ON decision_audit_events (dfid);
CREATE INDEX IF NOT EXISTS dir_storage_locks ON resource_locks (resource_id, dfid);
CREATE INDEX IF NOT EXISTS dir_storage_leases ON resource_lock_leases (resource_id, expires_at);
CREATE INDEX IF NOT EXISTS dir_storage_tokens ON escalation_budget (agent_id, created_at);
CREATE INDEX IF NOT EXISTS dir_storage_requests ON escalation_requests (status);
CREATE INDEX IF NOT EXISTS dir_storage_transitions ON flow_transitions (dfid);
CREATE TRIGGER IF NOT EXISTS dir_storage_lock_written AFTER INSERT ON resource_locks BEGIN
  DELETE FROM resource_lock_leases WHERE dfid = NEW.dfid AND resource_id = NEW.resource_id;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_lock_removed AFTER DELETE ON resource_locks BEGIN
  DELETE FROM resource_lock_leases WHERE dfid = OLD.dfid AND resource_id = OLD.resource_id;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_result_written AFTER INSERT ON idempotency_cache BEGIN
  DELETE FROM idempotency_claims WHERE key = NEW.key;
END;
CREATE TRIGGER IF NOT EXISTS dir_storage_result_removed AFTER DELETE ON idempotency_cache BEGIN
  DELETE FROM idempotency_claims WHERE key = OLD.key;
END;
INSERT OR IGNORE INTO dir_storage_meta (name, value) VALUES ('fence', 0);
`,
]

export const SCHEMA_VERSION: number = MIGRATIONS.length

/** The statements that `init()` runs on a new file, for people whose administrator runs them. */
export function sqliteSchema(): string {
  return `${MIGRATIONS.join('')}INSERT OR REPLACE INTO dir_storage_meta (name, value) VALUES ('schema_version', ${SCHEMA_VERSION});\n`
}

export interface FoundSchema {
  /** Nothing at all is there. */
  readonly empty: boolean
  /** Below `SCHEMA_VERSION`: something is missing; 0 for an empty file, and for Python's. */
  readonly version: number
}

/** Tells whose file this is; throws `SchemaError` for one that is not ours to use. */
export function recognise(db: SqliteConnection): FoundSchema {
  const names = new Set(db.all(/* sql */ `SELECT name FROM sqlite_master`).map((row) => String(row['name'])))
  if (names.size === 0) return { empty: true, version: 0 }
  if (names.has('decision_flows') || names.has('flow_context'))
    throw foreign('was written by the second generation of the Python original', 'its second generation')
  const tables = Object.entries({ ...ORIGINAL_TABLES, ...SIDE_TABLES }).filter(([name]) => names.has(name))
  if (tables.length === 0) throw foreign('holds the tables of another program', 'other tables')
  for (const [name, columns] of tables) checkTable(db, name, columnNames(columns))
  const version = names.has('dir_storage_meta') ? (readMeta(db, 'schema_version') ?? 0) : 0
  if (version > SCHEMA_VERSION)
    throw new SchemaError(
      `The file has schema version ${version}; this version of the package knows up to ${SCHEMA_VERSION}. Update the package.`,
      String(version),
      String(SCHEMA_VERSION),
    )
  if (
    version === SCHEMA_VERSION &&
    tables.length < Object.keys({ ...ORIGINAL_TABLES, ...SIDE_TABLES }).length
  )
    throw foreign('lacks one of its tables', 'a table missing')
  return { empty: false, version }
}

/** Brings the file to the current version, inside the caller's transaction. */
export function migrate(db: SqliteConnection): void {
  for (const script of MIGRATIONS.slice(recognise(db).version)) db.exec(script)
  writeMeta(db, 'schema_version', SCHEMA_VERSION)
}

/** Removes every record, inside the caller's transaction. */
export function removeRecords(db: SqliteConnection): void {
  for (const table of recordTables()) db.run(`DELETE FROM ${table}`)
}

export function hasRecords(db: SqliteConnection): boolean {
  return recordTables().some((table) => db.get(`SELECT 1 FROM ${table} LIMIT 1`) !== undefined)
}

function recordTables(): string[] {
  return [...Object.keys(ORIGINAL_TABLES), 'idempotency_claims', 'resource_lock_leases']
}

function checkTable(db: SqliteConnection, name: string, expected: readonly string[]): void {
  const rows = db.all(/* sql */ `SELECT name FROM pragma_table_info(?)`, name)
  const columns = new Set(rows.map((row) => row['name']))
  if (!expected.every((column) => columns.has(column)))
    throw foreign(`has a table ${name} with other columns`, `other columns in ${name}`)
  // reaches for the table's last page: a file in WAL mode whose end is cut off looks whole until then
  db.get(`SELECT 1 FROM ${name} ORDER BY rowid DESC LIMIT 1`)
}

function foreign(what: string, found: string): SchemaError {
  return new SchemaError(
    `The file ${what}. It was left as it was; use another path.`,
    found,
    "this package's tables, or those of the Python original's first generation",
  )
}
