import { SchemaError } from '@dir/storage-core'
import type { SqliteConnection } from './connection.ts'
import { readMeta, writeMeta } from './meta.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './migrations.ts'
import { ORIGINAL_TABLES, SIDE_TABLES, columnNames } from './tables.ts'

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
