import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ReadOnlyError, SchemaError } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { SqliteConnection } from './connection.ts'
import { mapError, notADatabase } from './errors.ts'
import { codeOf, isBusy } from './result-codes.ts'
import { realPath } from './options.ts'
import { openReadOnly } from './read-only.ts'
import { recognise } from './recognise.ts'
import { whenFree } from './waiting.ts'

// Looks at a file before it is opened for writing.

/**
 * Whose file is it? Asked before it is opened for writing if something waits beside it (a journal, a write-ahead
 * log) that a writing connection would put into it.
 */
export async function lookReadOnly(path: string, deadline: number): Promise<void> {
  // SQLite takes a single byte for an empty database, and would overwrite it
  if (statSync(path).size === 1) throw mapError(notADatabase())
  const real = realPath(path)
  if (!existsSync(`${real}-wal`) && !existsSync(`${real}-journal`)) return
  const db = new SqliteConnection(openReadOnly(path), path)
  try {
    await whenFree(db, deadline, () => {
      try {
        recognise(db)
      } catch (error) {
        // an interrupted write: only a writing connection can put the file in order again
        if (!/^SQLITE_(READONLY|CANTOPEN)/.test(codeOf(error)) || isBusy(error)) throw error
        lookPastJournal(real)
      }
    })
  } finally {
    db.close()
  }
}

/**
 * What stands in a file now, whatever its journal would undo. Of a file that is ours nothing is said: it may be half
 * written.
 */
function lookPastJournal(path: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'dir-storage-'))
  const files: number[] = []
  try {
    const journal = join(folder, 'empty')
    writeFileSync(journal, '')
    files.push(openSync(path, 'r'), openSync(journal, 'r'))
    const [file, journalFd] = files
    // the driver takes numbers of open files; its types do not know that yet
    const options = { readonly: true, timeout: 0, journalFd }
    const db = new SqliteConnection(new BetterSqlite3(file as unknown as string, options), null)
    try {
      if (db.get(/* sql */ `SELECT 1 FROM sqlite_master WHERE name = 'dir_storage_meta'`) === undefined)
        recognise(db)
    } finally {
      db.close()
    }
  } catch (error) {
    if (error instanceof SchemaError) throw error // anything else, SQLite will tell
  } finally {
    for (const file of files) closeSync(file)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Who may only read would make the log, in WAL mode, as its own, and so keep out those who may write. */
export function refuseToMakeLog(path: string): void {
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
