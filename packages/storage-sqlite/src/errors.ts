import {
  ConfigurationError,
  CorruptionError,
  type ErrorContext,
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

import { type ErrorClass, classOf, codeOf, shownText } from './result-codes.ts'

/** What SQLite takes in one value, unless it was built otherwise. */
const SQLITE_MAX_LENGTH = 1_000_000_000

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
  return Object.assign(new Error('the log was removed or replaced'), { code: 'SQLITE_READONLY_LOGMOVED' })
}

/** Raised by us where SQLite would say so. */
export function mayNotWrite(): Error {
  return Object.assign(new Error('attempt to write a readonly database'), { code: 'SQLITE_READONLY' })
}

/** Raised by us for a file that SQLite would not refuse. */
export function notADatabase(): Error {
  return Object.assign(new Error('file is not a database'), { code: 'SQLITE_NOTADB' })
}

type Make = (context: ErrorContext) => StorageError

const BY_CLASS: Readonly<Record<ErrorClass, Make>> = {
  busy: (context) => new ResourceContentionError(1, context),
  damaged: (context) =>
    new CorruptionError(
      'The file is damaged, or is no SQLite database. Restore it from a backup, or use another path.',
      context,
    ),
  diskFull: (context) => new StorageFullError('disk', context),
  memoryFull: (context) => new StorageFullError('memory', context),
  device: (context) =>
    new StorageIoError('The device failed to read or write the file. Look after the disk.', context),
  fileMoved: (context) =>
    new UnavailableError(
      'The database file was removed or replaced while it was open. Put it back, or open a new handle.',
      'file',
      { ...context, retryable: false },
    ),
  logMoved: (context) =>
    new UnavailableError(
      'The -wal or -shm file was removed or replaced while it was open, so other processes would not see what is written here. Close every handle that this process has on the file, then open a new one. Only backup() makes copies.',
      'file',
      { ...context, retryable: false },
    ),
  readOnly: (context) =>
    new ReadOnlyError('The file, or its folder, cannot be written by this process.', context),
  forbidden: (context) =>
    new PermissionError('The operating system does not let this process use the file.', context),
  cannotOpen: (context) =>
    new UnavailableError(
      'The database file cannot be opened. Check the path and the rights of its folder.',
      'connect',
      { ...context, retryable: false },
    ),
  tooLarge: (context) =>
    new ValueTooLargeError('the call', SQLITE_MAX_LENGTH + 1, SQLITE_MAX_LENGTH, context),
  schema: (context) => changedTables(context),
  constraint: (context) =>
    new SchemaError(
      'A constraint or a trigger that somebody added to the tables refused the write. Remove it from the file.',
      "somebody else's constraint or trigger",
      "this package's own",
      context,
    ),
  statement: (context) => internal(context),
  unknown: (context) => internal(context),
}

/** What the operating system says, by its code; any other of its codes is about the path. */
const BY_SYSTEM: Readonly<Record<string, ErrorClass>> = {
  ENOSPC: 'diskFull',
  EDQUOT: 'diskFull',
  ENOMEM: 'memoryFull',
  EIO: 'device',
  EROFS: 'readOnly',
  EACCES: 'forbidden',
  EPERM: 'forbidden',
}

/** The one place where errors of the driver and the file system become errors of the contract. */
export function mapError(cause: unknown, outcome: Outcome = 'not-applied'): StorageError {
  if (isStorageError(cause)) return cause
  const context = contextOf(cause, outcome)
  const code = codeOf(cause)
  const found = classOf(cause)
  if (found !== null) return BY_CLASS[found](context)
  if (code === 'EMFILE' || code === 'ENFILE')
    return new UnavailableError(
      'Too many files are open. Close some handles, or raise the limit (ulimit -n).',
      'connect',
      context,
    )
  if (code === 'ERR_DLOPEN_FAILED' || code === 'MODULE_NOT_FOUND') return driverMissing(cause)
  if (typeof (cause as { syscall?: unknown } | null)?.syscall === 'string')
    return BY_CLASS[BY_SYSTEM[code] ?? 'cannotOpen'](context)
  return internal(context)
}

function contextOf(cause: unknown, outcome: Outcome): ErrorContext {
  const causeText = shownText(cause)
  return { cause, outcome, ...(causeText === undefined ? {} : { causeText }) }
}

/** For a statement that fails because somebody changed the tables under it. */
export function tablesChanged(cause: unknown, outcome: Outcome): StorageError {
  return BY_CLASS.schema(contextOf(cause, outcome))
}

function changedTables(context: ErrorContext): SchemaError {
  return new SchemaError(
    'The tables were changed by somebody else. Restore them, or use another file.',
    'other tables',
    "this package's",
    context,
  )
}

function driverMissing(cause: unknown): ConfigurationError {
  const system = `${process.platform}-${process.arch}, Node ${process.versions.node}`
  return new ConfigurationError(
    `The native part of better-sqlite3 cannot be loaded on ${system}. It is made for one system: do not copy node_modules from another one, but install there. Where none is offered, run "npm run build-release" in node_modules/better-sqlite3, which needs a C++ compiler.`,
    'better-sqlite3',
    system,
    'its native part for this system',
    { cause },
  )
}

function internal(context: ErrorContext): InternalError {
  return new InternalError(
    'SQLite answered in a way that this version does not know. Please report it.',
    context,
  )
}
