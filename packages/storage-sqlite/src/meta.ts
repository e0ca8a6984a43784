import type { Statements } from './statements.ts'
import { StoredRow } from './stored-row.ts'

const TABLE = 'dir_storage_meta'

/** Numbers about the whole file: `schema_version`, `fence` and `marks` (the last ones issued), `importing` and `imported` (the tickets of an import that is not finished, and of the last one that is). */
export type MetaName = 'schema_version' | 'fence' | 'marks' | 'importing' | 'imported'

export function readMeta(db: Statements, name: MetaName): number | null {
  const row = db.get(/* sql */ `SELECT value FROM dir_storage_meta WHERE name = ?`, name)
  return row === undefined ? null : new StoredRow(TABLE, row).number('value')
}

export function writeMeta(db: Statements, name: MetaName, value: number): void {
  db.run(/* sql */ `INSERT OR REPLACE INTO dir_storage_meta (name, value) VALUES (?, ?)`, name, BigInt(value))
}

export function removeMeta(db: Statements, name: MetaName): void {
  db.run(/* sql */ `DELETE FROM dir_storage_meta WHERE name = ?`, name)
}

/** The next fence; part of the transaction that uses it. */
export function nextFence(db: Statements): number {
  const row = db.get(/* sql */ `INSERT INTO dir_storage_meta (name, value) VALUES ('fence', 1)
    ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value`)
  return new StoredRow(TABLE, row ?? {}).number('value')
}

/** The next place in the list of marks: beyond all that were given out, whether or not they are still there. */
export function nextMark(db: Statements): number {
  const row = db.get(/* sql */ `INSERT INTO dir_storage_meta (name, value)
    VALUES ('marks', (SELECT COALESCE(MAX(rowid), 0) + 1 FROM saga_dirty_state))
    ON CONFLICT (name) DO UPDATE SET value = MAX(value + 1, excluded.value) RETURNING value`)
  return new StoredRow(TABLE, row ?? {}).number('value')
}

/** The first release that knows the file's schema version; null where the file does not say. */
export function readRelease(db: Statements): string | null {
  const value = db.get(/* sql */ `SELECT value FROM dir_storage_meta WHERE name = 'release'`)?.['value']
  return typeof value === 'string' && /^[\w.+-]{1,40}$/.test(value) ? value : null
}
