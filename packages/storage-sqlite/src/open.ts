import { accessSync, existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigurationError, ReadOnlyError, SchemaError } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { SqliteConnection } from './connection.ts'
import { areCountersBehind, raiseCounters } from './counters.ts'
import { mapError, mayNotWrite } from './errors.ts'
import { lookReadOnly, refuseToMakeLog } from './look.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { migrate } from './migrate.ts'
import { IN_MEMORY, type JournalMode, realPath } from './options.ts'
import { OwnLock } from './own-lock.ts'
import { type FoundSchema, recognise } from './recognise.ts'
import { refuseBesideStale } from './store-files.ts'
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
    if (exists) refuseBesideStale(path)
    if (exists) await lookReadOnly(path, options.deadline)
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
    throw mapError(error)
  } finally {
    lock?.release()
  }
}

/** The connection closes the lock. */
export function openFile(path: string, create: boolean, lock: OwnLock | null = null): SqliteConnection {
  const inMemory = path === IN_MEMORY
  try {
    if (create && !inMemory) mkdirSync(dirname(path), { recursive: true })
    if (!inMemory) accessSync(dirname(path)) // the driver's own refusal has no code
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
    if (schema.empty && create && path !== IN_MEMORY) {
      // a commit writes whole pages, of the indexes by flow about one for each call in it
      db.pragma('page_size = 2048')
      if (journalMode === 'wal') db.pragma('journal_mode = WAL')
    }
    return schema
  })
  checkVersion(db)
  const isComplete = found.version === SCHEMA_VERSION || (await complete(db, found, create, deadline))
  await whenFree(db, deadline, () => {
    db.findNumericJson()
    db.watchFiles()
  })
  if (!isComplete) return
  try {
    if (await whenFree(db, deadline, () => areCountersBehind(db)))
      await transaction(db, deadline, () => void (db.raisedNumbers = raiseCounters(db)))
  } catch (error) {
    if (!(error instanceof ReadOnlyError)) throw error // who may not write gives out no numbers
  }
}

/**
 * Adds what the file lacks. A file of Python's that may not be written, or is to be left as it is, can still be read.
 * @returns whether it is complete now.
 */
async function complete(
  db: SqliteConnection,
  { empty, version, hasOriginal }: FoundSchema,
  create: boolean,
  deadline: number,
): Promise<boolean> {
  const isReadable = version === 0 && hasOriginal
  if (!create) {
    if (version > 0) throw outdated(version)
    if (!isReadable) throw missing(empty ? 'no tables' : 'version 0')
    db.standIn(() => missing('no tables of this package'))
    return false
  }
  try {
    await transaction(db, deadline, () => migrate(db))
    return true
  } catch (error) {
    if (!isReadable || !(error instanceof ReadOnlyError)) throw error
    db.standIn(mayNotWrite)
    return false
  }
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

function outdated(version: number): SchemaError {
  return new SchemaError(
    'The file was written by an older version of this package, and init: false changes nothing. Run init() once without it.',
    `version ${version}`,
    `version ${SCHEMA_VERSION}`,
  )
}

function missing(found: string): SchemaError {
  return new SchemaError(
    'The store is not there, and init: false creates none. Run init() once without it, or the statements of sqliteSchema().',
    found,
    `version ${SCHEMA_VERSION}`,
  )
}
