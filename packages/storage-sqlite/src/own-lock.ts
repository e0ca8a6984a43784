import { chmodSync, chownSync, closeSync, existsSync, openSync, statSync } from 'node:fs'
import BetterSqlite3 from 'better-sqlite3'
import { identify } from './store-files.ts'

/** So long is it remembered that another program writes too. */
const MEMORY_MS = 1_000

/** How often way is given: about as often as that program would be next if all were equal. */
const WAY = 1 / 3

/**
 * The write lock among handles of this package, on an empty file of its own: `-lock` beside the store. Whoever closes a
 * descriptor of the store's file in a writing process, as a copy does, drops SQLite's lock in the middle of a
 * transaction; this one stays.
 */
export class OwnLock {
  readonly #path: string
  readonly #store: string
  #identity = ''
  #db: BetterSqlite3.Database | undefined
  #begin: BetterSqlite3.Statement | undefined
  #end: BetterSqlite3.Statement | undefined
  #isHeld = false
  /** On the clock of `performance.now()`. */
  #metOthers = -Infinity

  constructor(store: string) {
    this.#store = store
    this.#path = `${store}-lock`
  }

  get exists(): boolean {
    return existsSync(this.#path)
  }

  get isHeld(): boolean {
    return this.#isHeld
  }

  /** Throws SQLite's own error where somebody else has it. Where there may be no such file, SQLite's locks must do. */
  take(): void {
    if (this.#isHeld) return
    if (this.#db === undefined || identify(this.#path) !== this.#identity) this.#open()
    this.#begin?.run()
    this.#isHeld = true
  }

  release(): void {
    if (this.#db?.inTransaction === true) this.#end?.run()
    this.#isHeld = false
  }

  /** Tells that a writer was in the way while the lock was held: one of another program. */
  meetOthers(): void {
    this.#metOthers = performance.now()
  }

  /**
   * Whether to wait a moment before a write, for a writer of another program: those try less and less often, and would
   * hardly find the file free between the writes of several processes of ours, which are kept out meanwhile.
   */
  givesWay(): boolean {
    if (performance.now() - this.#metOthers > MEMORY_MS || Math.random() > WAY) return false
    try {
      this.take()
      return true
    } catch {
      return false // others of ours are before us
    }
  }

  close(): void {
    this.#db?.close()
    this.#db = this.#begin = this.#end = undefined
  }

  #open(): void {
    this.close()
    try {
      if (!this.exists) create(this.#path, this.#store)
      this.#db = new BetterSqlite3(this.#path, { timeout: 0, fileMustExist: true })
      this.#db.pragma('journal_mode = MEMORY') // so that a lock makes no file
      this.#begin = this.#db.prepare('BEGIN IMMEDIATE')
      this.#end = this.#db.prepare('ROLLBACK')
      this.#identity = identify(this.#path)
    } catch {
      this.close() // this process may not write here, and SQLite tells so where it matters
    }
  }
}

/** Whoever may write the store may take the lock. */
function create(path: string, store: string): void {
  const { mode, uid, gid } = statSync(store)
  closeSync(openSync(path, 'a', mode))
  chmodSync(path, mode)
  if (process.getuid?.() === 0) chownSync(path, uid, gid)
}
