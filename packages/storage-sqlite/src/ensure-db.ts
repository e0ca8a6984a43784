import type { SqliteConnection } from './connection.ts'
import { isBusy } from './result-codes.ts'
import { openFile } from './open.ts'
import { IN_MEMORY, checkPath, realPath } from './options.ts'
import type { SqlValue } from './stored-row.ts'
import { transaction } from './waiting.ts'

/** An open database, as far as creating tables needs it. */
export interface DatabaseAccess {
  /** Runs statements. */
  exec(sql: string): void
  /** Runs one statement with values, and answers its rows. */
  all(sql: string, ...values: SqlValue[]): Readonly<Record<string, SqlValue>>[]
}

const PATIENCE_MS = 5_000

/**
 * Makes sure that a database file exists, with its parent folders, and hands it to `createTables`, which runs at
 * once and whose statements commit together. Source: `ensure_db`.
 * @returns the absolute path, symbolic links resolved.
 */
export async function ensureDb(path: string, createTables?: (db: DatabaseAccess) => void): Promise<string> {
  const absolute = checkPath(path)
  if (absolute === IN_MEMORY) return absolute
  const db = openFile(absolute, true)
  try {
    if (createTables !== undefined) await create(db, createTables)
  } finally {
    db.close()
  }
  return realPath(absolute)
}

async function create(db: SqliteConnection, createTables: (db: DatabaseAccess) => void): Promise<void> {
  let thrown: { readonly error: unknown } | undefined
  const act = (): void => {
    try {
      createTables(db)
    } catch (error) {
      if (!isBusy(error)) thrown = { error }
      throw error
    }
  }
  try {
    await transaction(db, performance.now() + PATIENCE_MS, act)
  } catch (error) {
    throw thrown === undefined ? error : thrown.error // what the caller's own function threw is not ours to rename
  }
}
