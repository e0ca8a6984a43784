// What the store, its device, its settings or the way to it is the reason of.
import type { Attempts, AttemptsContext, WaitPhase } from './attempts.ts'
import { placeOf, systemText } from './cause.ts'
import { type ErrorContext, StorageError } from './storage-error.ts'

/** Exclusive access was not had in time because others held it; the call may be made again. */
export class ResourceContentionError extends StorageError implements Attempts {
  readonly code = 'STORAGE_RESOURCE_CONTENTION'
  readonly phase: WaitPhase
  attempts: number
  elapsedMs: number
  lastAttemptMs: number
  constructor(attempts: number, context: AttemptsContext = {}) {
    super(
      `Exclusive access was not had after ${attempts} attempts, because another writer kept it. Try again.`,
      true,
      context,
    )
    this.phase = context.phase ?? 'access'
    this.attempts = attempts
    this.elapsedMs = context.elapsedMs ?? 0
    this.lastAttemptMs = context.lastAttemptMs ?? 0
  }
}

const WAITING_FOR: { readonly [P in WaitPhase]: string } = {
  queue: 'waiting in the write queue',
  order: 'waiting for earlier writes to the same records',
  connect: 'waiting for a connection',
  access: 'waiting for records that others have',
  answer: 'waiting for the store',
  list: 'reading a long list',
}

/** The call's deadline passed. */
export class TimeoutError extends StorageError implements Attempts {
  readonly code = 'STORAGE_TIMEOUT'
  readonly phase: WaitPhase
  attempts: number
  elapsedMs: number
  lastAttemptMs: number
  constructor(elapsedMs: number, phase: WaitPhase, context: AttemptsContext = {}) {
    super(`No answer within ${Math.round(elapsedMs)} ms (${WAITING_FOR[phase]}).`, 'if-not-applied', context)
    this.phase = phase
    this.attempts = context.attempts ?? (phase === 'queue' || phase === 'order' ? 0 : 1)
    this.elapsedMs = elapsedMs
    this.lastAttemptMs = context.lastAttemptMs ?? 0
  }
}

/** The store cannot be reached, or takes no more calls now. */
export class UnavailableError extends StorageError {
  readonly code = 'STORAGE_UNAVAILABLE'
  readonly phase: string
  constructor(message: string, phase: string, context?: ErrorContext) {
    super(message, 'if-not-applied', context)
    this.phase = phase
  }
}

/** The store takes no writes here. */
export class ReadOnlyError extends StorageError {
  readonly code = 'STORAGE_READ_ONLY'
  constructor(message: string, context?: ErrorContext) {
    super(message, false, context)
  }
}

/** The store has no room left. */
export class StorageFullError extends StorageError {
  readonly code = 'STORAGE_FULL'
  readonly what: 'disk' | 'memory'
  constructor(what: 'disk' | 'memory', context?: ErrorContext) {
    super(`The store has no ${what} left. Free some, then try again.`, false, context)
    this.what = what
  }
}

/** The store's device failed to read or write. */
export class StorageIoError extends StorageError {
  readonly code = 'STORAGE_IO'
  constructor(message: string, context?: ErrorContext) {
    super(message, false, context)
  }
}

/** The store's data is damaged; the handle refuses further writes. */
export class CorruptionError extends StorageError {
  readonly code = 'STORAGE_CORRUPT'
  constructor(message: string, context?: ErrorContext) {
    super(message, false, context)
  }
}

/** A stored value cannot be read as what the contract says it is. */
export class StoredDataError extends StorageError {
  readonly code = 'STORAGE_STORED_DATA'
  readonly table: string
  readonly column: string
  constructor(table: string, column: string, reason: string, context?: ErrorContext) {
    super(`A stored value in ${table}.${column} ${reason}. Correct or remove that row.`, false, context)
    this.table = table
    this.column = column
  }
}

/** The credentials were refused. */
export class AuthError extends StorageError {
  readonly code = 'STORAGE_AUTH'
  constructor(message: string, context?: ErrorContext) {
    super(message, false, context)
  }
}

/** The credentials do not allow this. */
export class PermissionError extends StorageError {
  readonly code = 'STORAGE_PERMISSION'
  constructor(message: string, context?: ErrorContext) {
    super(message, false, context)
  }
}

/** The schema is missing, newer than this version knows, or somebody else's; nothing was written. */
export class SchemaError extends StorageError {
  readonly code = 'STORAGE_SCHEMA'
  readonly found: string
  readonly expected: string
  constructor(message: string, found: string, expected: string, context?: ErrorContext) {
    super(message, false, context)
    this.found = found
    this.expected = expected
  }
}

/** The server, or an option, is set in a way that would break a promise of the contract. */
export class ConfigurationError extends StorageError {
  readonly code = 'STORAGE_CONFIGURATION'
  readonly setting: string
  readonly found: string
  readonly required: string
  constructor(message: string, setting: string, found: string, required: string, context?: ErrorContext) {
    super(message, false, context)
    this.setting = setting
    this.found = found
    this.required = required
  }
}

/** Something this version does not know happened: a defect of ours; please report it. */
export class InternalError extends StorageError {
  readonly code = 'STORAGE_INTERNAL'
  constructor(message: string, context: ErrorContext = {}) {
    const causeText = context.causeText ?? (systemText(context.cause) || placeOf(context.cause))
    super(message, false, { ...context, causeText })
  }
}
