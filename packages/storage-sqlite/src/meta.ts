import type { SqliteConnection } from './connection.ts'
import { StoredRow } from './stored-row.ts'

const TABLE = 'dir_storage_meta'

/** Numbers about the whole file: `schema_version`, `fence` (the last one issued), `importing` and `imported` (the tickets of an import that is not finished, and of the last one that is). */
export type MetaName = 'schema_version' | 'fence' | 'importing' | 'imported'

export function readMeta(db: SqliteConnection, name: MetaName): number | null {
  const row = db.get(/* sql */ `SELECT value FROM dir_storage_meta WHERE name = ?`, name)
  return row === undefined ? null : new StoredRow(TABLE, row).number('value')
}

export function writeMeta(db: SqliteConnection, name: MetaName, value: number): void {
  db.run(/* sql */ `INSERT OR REPLACE INTO dir_storage_meta (name, value) VALUES (?, ?)`, name, BigInt(value))
}

export function removeMeta(db: SqliteConnection, name: MetaName): void {
  db.run(/* sql */ `DELETE FROM dir_storage_meta WHERE name = ?`, name)
}

/** The next fence; part of the transaction that uses it. */
export function nextFence(db: SqliteConnection): number {
  const row = db.get(/* sql */ `INSERT INTO dir_storage_meta (name, value) VALUES ('fence', 1)
    ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`)
  return new StoredRow(TABLE, row ?? {}).number('value')
}

/** The first release that knows the file's schema version; null where the file does not say. */
export function readRelease(db: SqliteConnection): string | null {
  const value = db.get(/* sql */ `SELECT value FROM dir_storage_meta WHERE name = 'release'`)?.['value']
  return typeof value === 'string' && /^[\w.+-]{1,40}$/.test(value) ? value : null
}
