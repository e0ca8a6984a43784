import { statSync } from 'node:fs'
import { InvalidArgumentError, type StorageError } from '@dir/storage-core'
import { type JoinedTransaction, hostMicros, runCall } from '@dir/storage-core/adapter'
import type BetterSqlite3 from 'better-sqlite3'
import { mapError } from './errors.ts'
import { operations } from './operations.ts'
import { IN_MEMORY } from './options.ts'
import { Statements } from './statements.ts'
import { runApart } from './writes.ts'

/** The application's own connection, of which nothing is changed but by our statements. */
class JoinedConnection extends Statements {
  #knowsColumns = false

  /** Runs `act` as one step of the transaction that is open; it has one time. */
  step<T>(act: () => T): T {
    if (!this.db.open) throw new InvalidArgumentError('client', 'is closed')
    if (!this.db.inTransaction)
      throw new InvalidArgumentError('client', 'has no open transaction: run BEGIN IMMEDIATE on it before')
    this.moment = hostMicros()
    try {
      if (!this.#knowsColumns) this.findNumericJson()
      this.#knowsColumns = true
      return act()
    } catch (error) {
      throw this.translate(error)
    } finally {
      this.moment = null
    }
  }

  translate(error: unknown): StorageError {
    return isBusyWithRows(error) ? inIterate() : mapError(error)
  }
}

const joined = new WeakMap<object, JoinedConnection>()

/** Carries calls out on a better-sqlite3 database of the application's that has the file at `path` open. */
export function joinDatabase(client: object, path: string): JoinedTransaction {
  const db = databaseOf(client)
  if (!db.open) throw new InvalidArgumentError('client', 'is closed')
  const [main] = filesOf(db)
  if (!isSameFile(main?.file ?? '', path))
    throw new InvalidArgumentError(
      'client',
      path === IN_MEMORY
        ? 'cannot share a store that lies in the memory of its handle: use a file'
        : 'has another file open than this handle',
    )
  const connection = joined.get(client) ?? new JoinedConnection(db)
  joined.set(client, connection)
  return {
    async read(call) {
      return connection.step(() => runCall(operations, connection, call))
    },
    async write(work) {
      return connection.step(() => {
        const result = runApart(connection, operations, work)
        if (typeof result !== 'object' || 'error' in result) throw (result as { error?: unknown }).error
        return result.answers
      })
    },
  }
}

/** By what it can do: it may come from another copy of the driver. */
function databaseOf(client: object): BetterSqlite3.Database {
  const { prepare, pragma, open, inTransaction } = client as Partial<BetterSqlite3.Database>
  const isDatabase = typeof prepare === 'function' && typeof pragma === 'function'
  if (!isDatabase || typeof open !== 'boolean' || typeof inTransaction !== 'boolean')
    throw new InvalidArgumentError('client', 'must be a Database of better-sqlite3')
  return client as BetterSqlite3.Database
}

function filesOf(db: BetterSqlite3.Database): readonly { readonly file: string }[] {
  try {
    return db.pragma('database_list') as readonly { readonly file: string }[]
  } catch (error) {
    throw isBusyWithRows(error) ? inIterate() : error
  }
}

/** The driver runs nothing else until somebody's iterator has ended. */
function isBusyWithRows(error: unknown): boolean {
  return /busy executing a query/.test(String((error as { message?: unknown } | null)?.message))
}

function inIterate(): InvalidArgumentError {
  return new InvalidArgumentError('client', 'is in the middle of iterate(): end that before')
}

function isSameFile(file: string, path: string): boolean {
  if (path === IN_MEMORY || file === '') return false
  try {
    const [one, other] = [file, path].map((name) => statSync(name, { bigint: true }))
    return one?.dev === other?.dev && one?.ino === other?.ino
  } catch {
    return file === path // neither has been written yet
  }
}
