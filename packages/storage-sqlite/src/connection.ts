import {
  ClosedError,
  CorruptionError,
  type Outcome,
  type StorageError,
  isStorageError,
} from '@dir/storage-core'
import { hostMicros } from '@dir/storage-core/adapter'
import BetterSqlite3 from 'better-sqlite3'
import { closeAtExit, forgetAtExit } from './at-exit.ts'
import { backUp } from './backup.ts'
import { mapError, tablesChanged } from './errors.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { classOf, isBusy } from './result-codes.ts'
import type { OwnLock } from './own-lock.ts'
import { recognise, removeStandIns, standIn } from './recognise.ts'
import { Statements } from './statements.ts'
import { StoreFiles } from './store-files.ts'

/** One open database. Everything on it is synchronous, so a transaction is over before anything else can run. */
export class SqliteConnection extends Statements {
  /** Null: in memory. */
  readonly #files: StoreFiles | null
  readonly #lock: OwnLock | null
  /** Keeps this process from being the one that takes the log away; see `watchFiles`. */
  #guard: BetterSqlite3.Database | undefined
  #isCommitting = false
  /** Makes what writes are refused with while empty tables stand in for those that the file lacks. */
  #refusal: (() => Error) | null = null
  /** What told that the file is damaged; nothing more is written to it. */
  #damage: unknown = null
  /** Which stood behind the rows when it was opened, and were raised. */
  raisedNumbers: readonly string[] = []

  constructor(db: BetterSqlite3.Database, path: string | null, lock: OwnLock | null = null) {
    super(db)
    this.#files = path === null ? null : new StoreFiles(path)
    this.#lock = lock
    closeAtExit(this)
  }

  /** Whether to wait a moment before `begin`; see `OwnLock`. */
  givesWay(): boolean {
    return this.#lock?.givesWay() === true
  }

  /** A rollback journal lets readers go on until the commit, a log always. */
  begin(): void {
    try {
      this.checkDamage()
      if (this.#lacksTables()) throw this.#refusal?.()
      this.checkFiles()
      this.#lock?.take()
      this.run('BEGIN IMMEDIATE')
    } catch (error) {
      if (isBusy(error) && this.#lock?.isHeld === true) this.#lock.meetOthers()
      this.#lock?.release() // `givesWay` may have taken it
      throw error
    }
    this.moment = hostMicros()
  }

  /** Throws if the file is known to be damaged. */
  checkDamage(): void {
    if (this.#damage !== null) throw this.#damage
  }

  /**
   * @returns false if readers of a rollback journal are in the way. The transaction stays open then and keeps new readers
   * out, until the commit is tried again or undone. Throws the driver's error, which `commitOutcome` judges; the
   * transaction is over in that case.
   */
  commit(): boolean {
    try {
      this.run('COMMIT')
    } catch (error) {
      if (isBusy(error) && this.db.inTransaction) {
        this.#isCommitting = true
        return false
      }
      this.rollback()
      throw error
    }
    this.#end()
    this.#files?.check() // a new log is watched before the next call: if that failed now, what is committed would be denied
    return true
  }

  /** Whether a transaction waits for its commit: what is read here now is not committed. */
  get isCommitting(): boolean {
    return this.#isCommitting
  }

  rollback(): void {
    if (this.db.inTransaction) this.run('ROLLBACK')
    this.#end()
  }

  #end(): void {
    this.moment = null
    this.#isCommitting = false
    this.#lock?.release()
  }

  /** `mapError`, remembering damage. */
  translate(error: unknown, outcome: Outcome = 'not-applied'): StorageError {
    if (!this.db.open && !isStorageError(error)) return new ClosedError({ cause: error, outcome })
    const mapped = mapError(error, outcome)
    if (mapped instanceof CorruptionError) this.#damage = error
    return classOf(error) === 'statement' && !this.#hasTables() ? tablesChanged(error, outcome) : mapped
  }

  #hasTables(): boolean {
    try {
      return recognise(this).version === SCHEMA_VERSION
    } catch {
      return false
    }
  }

  /**
   * From now on, `checkFiles` looks at the log too. The last connection to a file checkpoints its log and takes it away,
   * unless it may only read; it may think so wrongly, because whoever closes any descriptor of a file drops all the locks
   * that its process has on it. So each of ours leaves the end to a connection that may only read.
   */
  watchFiles(): void {
    const files = this.#files
    if (files === null || files.hasLog || this.pragma('journal_mode') !== 'wal') return
    this.#guard ??= new BetterSqlite3(files.path, { readonly: true, timeout: 0 })
    this.#guard.prepare(/* sql */ `SELECT 1 FROM sqlite_master`).get()
    files.watchLog()
  }

  /** From now on what the file lacks reads as empty, and writes are refused. */
  standIn(refusal: () => Error): void {
    standIn(this)
    this.#refusal = refusal
  }

  /** Whether stand-ins are read, which no other connection sees. */
  get isStandIn(): boolean {
    return this.#refusal !== null
  }

  #lacksTables(): boolean {
    if (this.#refusal !== null && removeStandIns(this)) this.#refusal = null
    return this.#refusal !== null
  }

  /**
   * Throws SQLite's error for a busy file if one of ours is writing its journal, which would be taken for what a dead
   * process left where SQLite's locks were dropped under the writer.
   */
  beforeRead(): void {
    this.#lacksTables()
    if (this.#lock === null || this.#lock.isHeld || this.#files?.hasJournal() !== true) return
    if (!this.#lock.exists) return
    this.#lock.take()
    this.#lock.release()
  }

  /** Throws if what is written here would vanish with a file that was removed or replaced. */
  checkFiles(): void {
    this.#files?.check()
    if (this.#files?.hasNewLog === true) this.watchFiles()
  }

  /** For a store in memory, which no other connection sees. */
  copyTo(target: string, goesOn: () => void): Promise<void> {
    return backUp(this.db, target, goesOn)
  }

  close(): void {
    forgetAtExit(this)
    this.forgetStatements()
    this.rollback()
    if (this.#files?.hasLog === true) this.#checkpoint()
    this.db.close()
    this.#guard?.close()
    this.#lock?.close()
    this.#files?.forget()
  }

  /** So that the file alone is the whole store, where nobody else uses it. */
  #checkpoint(): void {
    try {
      this.checkFiles() // a log that was taken away must not go into the file
      this.#lock?.take() // nor one be cut off that another handle is writing
      this.pragma('wal_checkpoint(TRUNCATE)')
    } catch {
      // whoever opens the file next reads the log
    }
  }
}
