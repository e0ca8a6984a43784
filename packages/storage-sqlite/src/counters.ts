import type { Statements } from './statements.ts'
import { readMeta, writeMeta } from './meta.ts'
import { integer } from './stored-row.ts'

const SEQUENCES = ['decision_audit_events', 'escalation_budget', 'flow_transitions']

/** The highest number of a table that was ever given out, as it is kept apart from the rows. */
export function kept(db: Statements, table: string): bigint {
  // a file of Python's may have no such table yet
  if (db.get(/* sql */ `SELECT 1 FROM main.sqlite_master WHERE name = 'sqlite_sequence'`) === undefined)
    return 0n
  const row = db.get(/* sql */ `SELECT seq FROM sqlite_sequence WHERE name = ?`, table)
  return integer(row?.['seq'])
}

function highest(db: Statements, table: string, column: string): bigint {
  return integer(db.get(`SELECT MAX(${column}) AS highest FROM ${table}`)?.['highest'])
}

/**
 * Whether rows have numbers above those that are kept: who restores a file by its tables may leave them behind, and they
 * would be given out again.
 */
export function areCountersBehind(db: Statements): boolean {
  return (
    highest(db, 'resource_lock_leases', 'fence') > (readMeta(db, 'fence') ?? 0) ||
    SEQUENCES.some((table) => highest(db, table, 'id') > kept(db, table))
  )
}

/** Inside the caller's transaction. @returns which were behind. */
export function raiseCounters(db: Statements): string[] {
  const raised: string[] = []
  const fence = highest(db, 'resource_lock_leases', 'fence')
  if (fence > (readMeta(db, 'fence') ?? 0)) {
    writeMeta(db, 'fence', Number(fence))
    raised.push('fence')
  }
  for (const table of SEQUENCES) {
    const id = highest(db, table, 'id')
    if (id <= kept(db, table)) continue
    db.run(/* sql */ `DELETE FROM sqlite_sequence WHERE name = ?`, table)
    db.run(/* sql */ `INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)`, table, id)
    raised.push(`${table}.id`)
  }
  return raised
}
