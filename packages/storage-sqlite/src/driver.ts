import { setImmediate as nextTurn } from 'node:timers/promises'
import { CAPABILITIES, ClosedError, PROTOCOLS, TimeoutError } from '@dir/storage-core'
import {
  type Call,
  CommitQueue,
  type DriverTransfer,
  type JoinedTransaction,
  type StorageDriver,
  type Watching,
  type Work,
  importUnfinished,
  operationOf,
  runCall,
  settleBy,
} from '@dir/storage-core/adapter'
import { backUp } from './backup.ts'
import type { SqliteConnection } from './connection.ts'
import { mapError } from './errors.ts'
import { beginImport, clearImport, finishImport, readCounters } from './import.ts'
import { readList, stepsOf } from './listed.ts'
import { readMeta } from './meta.ts'
import { openConnection } from './open.ts'
import { operations } from './operations.ts'
import { joinDatabase } from './join.ts'
import { IN_MEMORY, type JournalMode } from './options.ts'
import { openReadOnly } from './read-only.ts'
import { missingIndexes } from './recognise.ts'
import { logBytes } from './store-files.ts'
import { watchEvents } from './watch.ts'
import { transaction, whenFree } from './waiting.ts'
import { commit } from './writes.ts'

export interface DriverOptions {
  /** Absolute, or `:memory:`. */
  readonly path: string
  readonly journalMode: JournalMode
  readonly timeoutMs: number
}

export class SqliteDriver implements StorageDriver {
  readonly backend = 'sqlite'
  readonly capabilities: StorageDriver['capabilities'] = new Set(CAPABILITIES)
  readonly #options: DriverOptions
  readonly #queue = new CommitQueue({
    commit: (works, sending) => commit(this.#open(), operations, works, sending),
    mostWorks: 256,
    source: this,
  })
  #opening: Promise<SqliteConnection> | undefined
  #connection: SqliteConnection | undefined
  #isClosed = false

  constructor(options: DriverOptions) {
    this.#options = options
  }

  async init(create: boolean): Promise<void> {
    const db = await this.#connect(create)
    if ((await whenFree(db, this.#deadline(), () => readMeta(db, 'importing'))) !== null)
      throw importUnfinished()
  }

  async read(call: Call): Promise<unknown> {
    const earlier = this.#queue.earlier(call)
    if (earlier !== undefined) await settleBy(call.deadline, earlier, () => tooLate(this.#options.timeoutMs))
    const db = this.#open()
    const list = stepsOf(operationOf(operations, call))
    if (list !== undefined && this.#options.path !== IN_MEMORY && !db.isStandIn)
      return readList(db, list, call, this.#options.path, () => void this.#open())
    return whenFree(db, call.deadline, () => {
      const answer = runCall(operations, db, call)
      db.checkFiles() // what a removed file holds is nobody's state any more
      return answer
    })
  }

  write(work: Work): Promise<readonly unknown[]> {
    return this.#queue.push(work)
  }

  join(client: object): JoinedTransaction {
    return joinDatabase(client, this.#options.path)
  }

  watch(changed: () => void): Watching {
    return watchEvents(() => this.#connection, changed)
  }

  health(): Promise<Readonly<Record<string, string | number | boolean>>> {
    const db = this.#open()
    return whenFree(db, this.#deadline(), () => {
      db.checkDamage()
      db.checkFiles()
      return {
        sqliteVersion: String(db.get(/* sql */ `SELECT sqlite_version() AS version`)?.['version']),
        schemaVersion: readMeta(db, 'schema_version') ?? 0,
        missingIndexes: db.isStandIn ? '' : missingIndexes(db).join(', '),
        raisedNumbers: db.raisedNumbers.join(', '),
        ...(this.#options.path === IN_MEMORY ? {} : { logBytes: logBytes(this.#options.path) }),
        journalMode: String(db.pragma('journal_mode')),
        synchronous: String(db.pragma('synchronous')) === '2' ? 'full' : 'less than full',
        durable: this.#options.path !== IN_MEMORY,
      }
    })
  }

  /** See `SqliteHandle`. */
  async backup(target: string): Promise<void> {
    const db = this.#open()
    const goesOn = (): void => void this.#open()
    const deadline = this.#deadline()
    await this.#earlierWrites(deadline)
    const source = this.#options.path === IN_MEMORY ? null : openReadOnly(this.#options.path)
    try {
      // its one transaction shows one state, whoever writes meanwhile; reading begins it
      source?.exec('BEGIN')
      await whenFree(db, deadline, () => {
        source?.prepare(/* sql */ `SELECT 1 FROM sqlite_master`).get()
        db.checkFiles()
      })
      await (source === null ? db.copyTo(target, goesOn) : backUp(source, target, goesOn))
    } catch (error) {
      throw mapError(error)
    } finally {
      source?.close()
    }
  }

  async close(graceMs: number): Promise<void> {
    await this.#queue.close(graceMs)
    this.#isClosed = true
    this.#connection?.close()
    this.#connection = undefined
  }

  readonly transfer: DriverTransfer = {
    counters: () => {
      const db = this.#open()
      return whenFree(db, this.#deadline(), () => readCounters(db))
    },
    begin: async (ticket, create) => {
      const db = await this.#connect(create)
      await transaction(db, this.#deadline(), () => beginImport(db, ticket))
    },
    clear: async (ticket) => {
      const db = this.#open()
      await nextTurn() // a commit awaits nothing where nobody is in the way
      return transaction(db, this.#deadline(), () => clearImport(db, ticket))
    },
    finish: async (ticket, counters) => {
      const db = this.#open()
      await transaction(db, this.#deadline(), () => finishImport(db, ticket, counters))
    },
  }

  /** Waits for every write that was issued before. */
  async #earlierWrites(deadline: number): Promise<void> {
    const earlier = PROTOCOLS.flatMap(
      (protocol) => this.#queue.earlier({ protocol, ids: [], concernsAll: true }) ?? [],
    )
    await settleBy(deadline, Promise.all(earlier), () => tooLate(this.#options.timeoutMs))
  }

  #open(): SqliteConnection {
    if (this.#connection === undefined) throw new ClosedError()
    return this.#connection
  }

  async #connect(create: boolean): Promise<SqliteConnection> {
    if (this.#isClosed) throw new ClosedError()
    if (this.#connection !== undefined) return this.#connection
    const { path, journalMode } = this.#options
    this.#opening ??= openConnection({ path, journalMode, create, deadline: this.#deadline() })
    try {
      const opened = await this.#opening
      if (this.#isClosed) {
        opened.close()
        throw new ClosedError()
      }
      this.#connection = opened
      return opened
    } finally {
      this.#opening = undefined // after a failure the next call tries again
    }
  }

  #deadline(): number {
    return performance.now() + this.#options.timeoutMs
  }
}

function tooLate(timeoutMs: number): TimeoutError {
  return new TimeoutError(timeoutMs, 'order')
}
