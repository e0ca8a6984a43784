import {
  ClosedError,
  CorruptionError,
  InternalError,
  type Outcome,
  PermissionError,
  ReadOnlyError,
  ResourceContentionError,
  SchemaError,
  type StorageError,
  StorageFullError,
  StorageIoError,
  UnavailableError,
  ValueTooLargeError,
  isStorageError,
} from '@dir/storage-core'

/** What SQLite takes in one value, unless it was built otherwise. */
const SQLITE_MAX_LENGTH = 1_000_000_000

export function codeOf(error: unknown): string {
  const code: unknown = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** Another connection is in the way; the same statement may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(codeOf(error))
}

/** The store failed, and not just one statement: whatever shares its transaction fails with it. */
export function isStoreFailure(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED|PROTOCOL|FULL|IOERR|NOMEM|CORRUPT|NOTADB|READONLY|CANTOPEN|PERM|AUTH)/.test(
    codeOf(error),
  )
}

/** What is known of a transaction whose COMMIT failed: after an I/O error its last write may have reached the disk. */
export function commitOutcome(error: unknown): Outcome {
  return /^SQLITE_(BUSY|LOCKED|FULL|READONLY$)/.test(codeOf(error)) ? 'not-applied' : 'unknown'
}

/** Raised by us where SQLite would not say so. */
export function busy(): Error {
  return Object.assign(new Error('database is locked'), { code: 'SQLITE_BUSY' })
}

/** Raised by us, under SQLite's own code for it: the path does not lead to the opened file any more. */
export function fileMoved(): Error {
  return Object.assign(new Error('the file was removed or replaced'), { code: 'SQLITE_READONLY_DBMOVED' })
}

/** Raised by us: the names of the log, or of its index, do not lead to the opened ones any more. */
export function logMoved(): Error {
  return Object.assign(new Error('the log was removed or replaced'), { code: LOG_MOVED })
}

const LOG_MOVED = 'SQLITE_READONLY_LOGMOVED'

/** Raised by us where SQLite would say so. */
export function mayNotWrite(): Error {
  return Object.assign(new Error('attempt to write a readonly database'), { code: 'SQLITE_READONLY' })
}

/** Raised by us for a file that SQLite would not refuse. */
export function notADatabase(): Error {
  return Object.assign(new Error('file is not a database'), { code: 'SQLITE_NOTADB' })
}

/** The one place where errors of the driver and the file system become errors of the contract. */
export function mapError(cause: unknown, outcome: Outcome = 'not-applied', attempts = 1): StorageError {
  if (isStorageError(cause)) return cause
  const context = { cause, outcome }
  const code = codeOf(cause)
  const message = cause instanceof Error ? cause.message : ''
  if (isBusy(cause)) return new ResourceContentionError(attempts, context)
  if (/^SQLITE_(CORRUPT|NOTADB|IOERR_SHORT_READ|IOERR_CORRUPTFS)/.test(code))
    return new CorruptionError(
      'The file is damaged, or is no SQLite database. Restore it from a backup, or use another path.',
      context,
    )
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)$/.test(code)) return new StorageFullError('disk', context)
  if (/^SQLITE_(IOERR_)?NOMEM$/.test(code)) return new StorageFullError('memory', context)
  if (/^(SQLITE_IOERR|EIO$)/.test(code))
    return new StorageIoError('The device failed to read or write the file. Look after the disk.', context)
  if (code === 'SQLITE_READONLY_DBMOVED')
    return new UnavailableError(
      'The database file was removed or replaced while it was open. Put it back, or open a new handle.',
      'file',
      { ...context, retryable: false },
    )
  if (code === LOG_MOVED)
    return new UnavailableError(
      'The -wal or -shm file was removed or replaced while it was open, so other processes would not see what is written here. Close every handle that this process has on the file, then open a new one. Only backup() makes copies.',
      'file',
      { ...context, retryable: false },
    )
  if (/^(SQLITE_READONLY|EROFS$)/.test(code))
    return new ReadOnlyError('The file, or its folder, cannot be written by this process.', context)
  if (/^(SQLITE_PERM|SQLITE_AUTH|EACCES$|EPERM$)/.test(code))
    return new PermissionError('The operating system does not let this process use the file.', context)
  if (/^(SQLITE_CANTOPEN|ENOENT$|ENOTDIR$|EISDIR$|EEXIST$|EMFILE$|ENFILE$)/.test(code))
    return cannotOpen(cause, outcome)
  if (code === 'SQLITE_TOOBIG')
    return new ValueTooLargeError('the call', SQLITE_MAX_LENGTH + 1, SQLITE_MAX_LENGTH, context)
  if (code === 'SQLITE_SCHEMA' || /^no such (table|column)/.test(message))
    return new SchemaError('The tables were changed by somebody else.', 'other tables', 'ours', context)
  if (cause instanceof TypeError && message.includes('directory does not exist'))
    return cannotOpen(cause, outcome)
  if (cause instanceof TypeError && message.includes('not open')) return new ClosedError(context)
  return new InternalError(
    'SQLite answered in a way that this version does not know. Please report it.',
    context,
  )
}

function cannotOpen(cause: unknown, outcome: Outcome): UnavailableError {
  return new UnavailableError(
    'The database file cannot be opened. Check the path and the rights of its folder.',
    'connect',
    { outcome, retryable: false, cause },
  )
}
