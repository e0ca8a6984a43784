import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { ConfigurationError, ReadOnlyError, SchemaError } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { SqliteConnection } from './connection.ts'
import { isBusy, mapError, notADatabase } from './errors.ts'
import { SCHEMA_VERSION } from './migrations.ts'
import { IN_MEMORY, type JournalMode, realPath } from './options.ts'
import { OwnLock } from './own-lock.ts'
import { migrate, recognise } from './schema.ts'
import { transaction, untilFree, whenFree } from './waiting.ts'

export interface OpenOptions {
  /** Absolute, or `:memory:`. */
  readonly path: string
  /** For a new file; an existing one keeps its mode. */
  readonly journalMode: JournalMode
  /** False: a missing file or schema is a `SchemaError`. */
  readonly create: boolean
  /** On the clock of `performance.now()`. */
  readonly deadline: number
}

/** Opens a database with its schema in place. A file that is not ours is refused, and left as it was. */
export async function openConnection(options: OpenOptions): Promise<SqliteConnection> {
  const { path, create } = options
  const exists = path !== IN_MEMORY && existsSync(path)
  if (!exists && !create) throw missing('no file')
  if (exists) refuseToMakeLog(realPath(path))
  const lock = path === IN_MEMORY ? null : new OwnLock(realPath(path))
  try {
    // to open a log that seems unused means to empty its index, which must not happen under a writer
    if (lock?.exists === true) await untilFree(options.deadline, () => lock.take())
    if (exists) await lookReadOnly(options)
    const db = openFile(path, create, lock)
    try {
      await prepare(db, options)
      return db
    } catch (error) {
      db.close()
      throw error
    }
  } catch (error) {
    lock?.close()
    throw error
  } finally {
    lock?.release()
  }
}

/**
 * Whose file is it? Asked before it is opened for writing if something waits beside it (a journal, a write-ahead
 * log) that a writing connection would put into it.
 */
async function lookReadOnly({ path, deadline }: OpenOptions): Promise<void> {
  // SQLite takes a single byte for an empty database, and would overwrite it
  if (statSync(path).size === 1) throw mapError(notADatabase())
  if (!existsSync(`${path}-wal`) && !existsSync(`${path}-journal`)) return
  const db = new SqliteConnection(openReadOnly(path), path)
  try {
    await whenFree(db, deadline, () => {
      try {
        recognise(db)
      } catch (error) {
        // an interrupted write: only a writing connection can put the file in order again
        if (!/^SQLITE_(READONLY|CANTOPEN)/.test(String((error as { code?: unknown }).code)) || isBusy(error))
          throw error
      }
    })
  } finally {
    db.close()
  }
}

export function openReadOnly(path: string): BetterSqlite3.Database {
  return new BetterSqlite3(path, { readonly: true, timeout: 0 })
}

/** Who may only read would make the log, in WAL mode, as its own, and so keep out those who may write. */
function refuseToMakeLog(path: string): void {
  if (existsSync(`${path}-wal`) && existsSync(`${path}-shm`)) return
  try {
    accessSync(path, constants.W_OK)
  } catch {
    if (isInWalMode(path))
      throw new ReadOnlyError(
        'This process may not write the file, which is in WAL mode and has no -wal and -shm beside it. Let somebody who may write it open it first.',
      )
  }
}

function isInWalMode(path: string): boolean {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const header = Buffer.alloc(20)
    readSync(file, header)
    return header[18] === 2
  } catch {
    return false // SQLite will tell what is the matter
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** The connection closes the lock. */
export function openFile(path: string, create: boolean, lock: OwnLock | null = null): SqliteConnection {
  const inMemory = path === IN_MEMORY
  try {
    if (create && !inMemory) mkdirSync(dirname(path), { recursive: true })
    // timeout 0: SQLite's own waiting would block the event loop
    const db = new BetterSqlite3(path, { timeout: 0, fileMustExist: !create && !inMemory })
    return new SqliteConnection(db, inMemory ? null : path, lock)
  } catch (error) {
    throw mapError(error)
  }
}

async function prepare(
  db: SqliteConnection,
  { path, journalMode, create, deadline }: OpenOptions,
): Promise<void> {
  const found = await whenFree(db, deadline, () => {
    db.exec(
      /* sql */ `PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864`,
    )
    const schema = recognise(db)
    if (schema.empty && create && path !== IN_MEMORY && journalMode === 'wal') db.pragma('journal_mode = WAL')
    return schema
  })
  checkVersion(db)
  if (found.version < SCHEMA_VERSION) {
    if (!create) throw missing(found.empty ? 'no tables' : `version ${found.version}`)
    await transaction(db, deadline, () => migrate(db))
  }
  await whenFree(db, deadline, () => {
    db.findNumericJson()
    db.watchFiles()
  })
}

/** Before 3.51.3, concurrent connections could damage a file in WAL mode (but for two repaired older releases). */
export function hasWalBug(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major !== 3) return major < 3
  if (minor === 44) return patch < 6
  if (minor === 50) return patch < 7
  return minor < 51 || (minor === 51 && patch < 3)
}

function checkVersion(db: SqliteConnection): void {
  const version = String(db.get(/* sql */ `SELECT sqlite_version() AS version`)?.['version'])
  if (db.pragma('journal_mode') === 'wal' && hasWalBug(version))
    throw new ConfigurationError(
      'This build of SQLite can damage files in WAL mode. Use the better-sqlite3 that this package asks for.',
      'sqlite_version',
      version,
      '3.51.3',
    )
}

function missing(found: string): SchemaError {
  return new SchemaError(
    'The store is not there, and init: false creates none. Run init() once without it, or the statements of sqliteSchema().',
    found,
    `version ${SCHEMA_VERSION}`,
  )
}
