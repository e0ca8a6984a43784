import type { SqliteConnection } from './connection.ts'
import { recognise } from './recognise.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { stepsFrom } from './sqlite-schema.ts'

/** Brings the file to the current version, step by step, inside the caller's transaction. */
export function migrate(db: SqliteConnection): void {
  const { version } = recognise(db)
  if (version === SCHEMA_VERSION) return // another process did it
  for (const sql of stepsFrom(version)) db.exec(sql)
  recognise(db) // throws, so that all is undone, where a table of ours was there with other columns
}
