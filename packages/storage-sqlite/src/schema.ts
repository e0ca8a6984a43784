import { SchemaError } from '@dir/storage-core'
import type { SqliteConnection } from './connection.ts'
import { readMeta, writeMeta } from './meta.ts'
import { SCHEMA, SCHEMA_VERSION } from './migrations.ts'
import { ORIGINAL_TABLES, SIDE_TABLES, columnNames } from './tables.ts'

export interface FoundSchema {
  /** Nothing at all is there. */
  readonly empty: boolean
  /** Below `SCHEMA_VERSION`: something is missing; 0 where nothing of ours is there. */
  readonly version: number
  /** Tables of the original's first generation are there. */
  readonly hasOriginal: boolean
  /** Somebody else's tables stand beside. */
  readonly hasOthers: boolean
}

const TABLES = { ...ORIGINAL_TABLES, ...SIDE_TABLES }

/** Tells whose file this is; throws `SchemaError` where a table that is there keeps ours out. */
export function recognise(db: SqliteConnection): FoundSchema {
  const rows = db.all(
    /* sql */ `SELECT LOWER(name) AS name FROM main.sqlite_master WHERE type IN ('table', 'view')`,
  )
  const names = new Set(rows.map((row) => String(row['name'])).filter((name) => !name.startsWith('sqlite_')))
  const isThere = (name: string): boolean => names.has(name)
  const version = isThere('dir_storage_meta') ? (readMeta(db, 'schema_version') ?? 0) : 0
  if (version > SCHEMA_VERSION)
    throw new SchemaError(
      `The file has schema version ${version}; this version of the package knows up to ${SCHEMA_VERSION}. Update the package.`,
      String(version),
      String(SCHEMA_VERSION),
    )
  const isSecond = version === 0 && (isThere('decision_flows') || isThere('flow_context'))
  const original = Object.keys(ORIGINAL_TABLES).filter(isThere)
  const tables = Object.keys(TABLES).filter(isThere)
  for (const name of tables) {
    const isOlder = name in SIDE_TABLES && version < SCHEMA_VERSION
    if (!isOlder && missingColumns(db, name).length > 0)
      throw isSecond
        ? secondGeneration()
        : foreign(`has a table ${name} with other columns`, `other columns in ${name}`)
    // reaches for the table's last page: a file in WAL mode whose end is cut off looks whole until then
    db.get(`SELECT 1 FROM ${name} ORDER BY rowid DESC LIMIT 1`)
  }
  if (isSecond && original.length < Object.keys(ORIGINAL_TABLES).length) throw secondGeneration()
  if (version === SCHEMA_VERSION && tables.length < Object.keys(TABLES).length)
    throw foreign('lacks one of its tables', 'a table missing')
  return {
    empty: names.size === 0,
    version,
    hasOriginal: original.length > 0,
    hasOthers: names.size > tables.length,
  }
}

/** Brings the file to the current version, inside the caller's transaction. */
export function migrate(db: SqliteConnection): void {
  recognise(db)
  for (const name of Object.keys(SIDE_TABLES)) {
    const missing = missingColumns(db, name)
    if (missing.length === columnNames(SIDE_TABLES[name] ?? []).length) continue // the whole table is
    for (const definition of missing) db.exec(`ALTER TABLE ${name} ADD COLUMN ${definition}`)
  }
  db.exec(SCHEMA)
  writeMeta(db, 'schema_version', SCHEMA_VERSION)
}

/**
 * Empty tables for what a file of Python's lacks, which only this connection sees: the file can be read then as it is.
 */
export function standIn(db: SqliteConnection): void {
  for (const [name, columns] of Object.entries(TABLES))
    if (missingColumns(db, name).length === columnNames(columns).length)
      db.exec(`CREATE TEMP TABLE ${name} (${columns.join(', ').replaceAll(' AUTOINCREMENT', '')})`)
}

/** Takes the stand-ins away where the tables themselves are there meanwhile. @returns whether they are. */
export function removeStandIns(db: SqliteConnection): boolean {
  if (db.get(/* sql */ `SELECT 1 FROM main.sqlite_master WHERE name = 'dir_storage_meta'`) === undefined)
    return false
  for (const { name } of db.all(/* sql */ `SELECT name FROM temp.sqlite_master WHERE type = 'table'`))
    db.exec(`DROP TABLE temp.${String(name)}`)
  return recognise(db).version === SCHEMA_VERSION
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

/** The definitions of the columns that a table lacks: all of them where it is not there. */
function missingColumns(db: SqliteConnection, table: string): string[] {
  const rows = db.all(/* sql */ `SELECT LOWER(name) AS name FROM pragma_table_info(?)`, table)
  const found = new Set(rows.map((row) => String(row['name'])))
  const definitions = (TABLES[table] ?? []).filter((one) => columnNames([one]).length > 0)
  return definitions.filter((one) => !found.has(columnNames([one])[0] ?? ''))
}

function secondGeneration(): SchemaError {
  return foreign('was written by the second generation of the Python original', 'its second generation')
}

function foreign(what: string, found: string): SchemaError {
  return new SchemaError(
    `The file ${what}. It was left as it was; use another path.`,
    found,
    "this package's tables, or those of the Python original's first generation",
  )
}
