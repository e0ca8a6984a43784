import { readlinkSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type HandleOptions, InvalidArgumentError } from '@dir/storage-core'
import { HANDLE_OPTIONS, storeOptions } from '@dir/storage-core/adapter'

export type JournalMode = 'wal' | 'delete'

export const IN_MEMORY = ':memory:'

export interface SqliteStorageOptions extends HandleOptions {
  /** The database file, against the current folder if relative; or `:memory:` for a private store without a file. */
  readonly path: string
  /** Of a new file: `wal` (the default), or `delete` for files on network drives or shared with an old SQLite. An existing file keeps its mode. */
  readonly journalMode?: JournalMode
}

const OPTIONS = ['journalMode', ...HANDLE_OPTIONS] as const

/** Checked options, with an absolute path. */
export function checkOptions(given: string | SqliteStorageOptions): {
  readonly path: string
  readonly journalMode: JournalMode
  readonly handle: HandleOptions
} {
  const options: object = storeOptions(given, ['path'], OPTIONS)
  const { path, journalMode = 'wal', ...handle } = options as SqliteStorageOptions
  if (journalMode !== 'wal' && journalMode !== 'delete')
    throw new InvalidArgumentError('journalMode', "must be 'wal' or 'delete'")
  return { path: checkPath(path), journalMode, handle }
}

/** A path as it was meant when it was given: a later change of the current folder does not matter. */
export function checkPath(path: unknown): string {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new InvalidArgumentError('path', 'must be the path of a file, or :memory:')
  if (/^(file|sqlite3?):|^[a-z][a-z\d+.-]+:\/\//i.test(path))
    throw new InvalidArgumentError(
      'path',
      'must be a path, not a URL: of a file: URL, take what fileURLToPath() gives',
    )
  if (path !== path.trimEnd())
    throw new InvalidArgumentError('path', 'must not end in white space, which the driver would cut off')
  return path === IN_MEMORY ? path : resolve(path)
}

/** Where SQLite keeps its other files: beside what a symbolic link leads to, where it makes the file too. */
export function realPath(path: string): string {
  for (const find of [realpathSync, (link: string) => resolve(dirname(link), readlinkSync(link))]) {
    try {
      return find(path)
    } catch {
      // nothing is there yet, or it is no link
    }
  }
  return path
}
