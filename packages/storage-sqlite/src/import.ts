import { ConflictError } from '@dir/storage-core'
import { type Counters, importTakenOver } from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { kept } from './counters.ts'
import { readMeta, removeMeta, writeMeta } from './meta.ts'
import { RECORD_TABLES, keyOf } from './recognise.ts'

/** How many rows are removed at a time: the process has some milliseconds of work with them. */
const PART = 500

/** The highest `seq` and fence ever issued. */
export function readCounters(db: Statements): Counters {
  return { seq: Number(kept(db, 'decision_audit_events')), fence: readMeta(db, 'fence') ?? 0 }
}

/** Marks the file as being filled, inside the caller's transaction. */
export function beginImport(db: Statements, ticket: number): void {
  const { seq, fence } = readCounters(db)
  const interrupted = readMeta(db, 'importing') !== null
  if (!interrupted && (hasRecords(db) || seq + fence > 0))
    throw new ConflictError('This store is not empty. Import into a new file, or drop this one first.')
  writeMeta(db, 'importing', ticket)
}

/** Removes a part of what an interrupted import left, inside the caller's transaction. @returns whether there may be more. */
export function clearImport(db: Statements, ticket: number): boolean {
  requireImport(db, ticket)
  let rest = PART
  for (const table of RECORD_TABLES) {
    const key = keyOf(table)
    const some = `(${key}) IN (SELECT ${key} FROM ${table} LIMIT ?)`
    rest -= db.run(/* sql */ `DELETE FROM ${table} WHERE ${some}`, rest).changes
    if (rest <= 0) return true
  }
  db.run(/* sql */ `DELETE FROM sqlite_sequence`)
  return false
}

function hasRecords(db: Statements): boolean {
  return RECORD_TABLES.some((table) => db.get(`SELECT 1 FROM ${table} LIMIT 1`) !== undefined)
}

/** Throws unless the import with this ticket is still the one that fills the file. */
export function requireImport(db: Statements, ticket: number): void {
  if (readMeta(db, 'importing') !== ticket) throw importTakenOver()
}

/** Sets the counters and takes the mark away, inside the caller's transaction. */
export function finishImport(db: Statements, ticket: number, { seq, fence }: Counters): void {
  if (readMeta(db, 'imported') === ticket) return
  requireImport(db, ticket)
  db.run(/* sql */ `DELETE FROM sqlite_sequence WHERE name = 'decision_audit_events'`)
  db.run(/* sql */ `INSERT INTO sqlite_sequence (name, seq) VALUES ('decision_audit_events', ?)`, BigInt(seq))
  writeMeta(db, 'fence', fence)
  writeMeta(db, 'imported', ticket)
  removeMeta(db, 'importing')
}
