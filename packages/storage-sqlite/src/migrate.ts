import type { Statements } from './statements.ts'
import { columnsOf, recognise } from './recognise.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { stepsFrom } from './sqlite-schema.ts'

/** Brings the file to the current version, step by step, inside the caller's transaction. */
export function migrate(db: Statements): void {
  const { version } = recognise(db)
  if (version === SCHEMA_VERSION) return // another process did it
  for (const sql of stepsFrom(version)) db.exec(withoutColumns(db, sql))
  recognise(db) // throws, so that all is undone, where a table of ours was there with other columns
}

/** Without the columns that are there: SQLite cannot add one where it is missing, and printed statements may have been interrupted. */
function withoutColumns(db: Statements, sql: string): string {
  return sql.replaceAll(
    /^ALTER TABLE (\w+) ADD COLUMN (\w+) .*$/gm,
    (statement, table: string, column: string) => (columnsOf(db, table).has(column) ? '' : statement),
  )
}
