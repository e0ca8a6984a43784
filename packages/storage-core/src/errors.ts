/** What is known of a write's effect when its call failed: `unknown` once its bytes may have left. Reads: `not-applied`. */
export type Outcome = 'not-applied' | 'applied' | 'unknown'

/** What every error may carry beside its own fields. */
export interface ErrorContext {
  readonly outcome?: Outcome
  readonly retryable?: boolean
  /** The driver's error; only a cleaned copy of it (name, scrubbed message, code) is kept. */
  readonly cause?: unknown
}

/**
 * The one base class. Recognise errors by `code`, which is stable, rather than by `instanceof`: two copies of
 * this package may be installed. Holds no password, payload, client object, or id beyond the class's own fields.
 */
export abstract class StorageError extends Error {
  abstract readonly code: `STORAGE_${string}`
  /** The backend's name, such as `sqlite`; empty for an error raised outside a handle. */
  backend = ''
  /** The bundle member, such as `resourceLock`; empty for calls on the handle itself. */
  protocol = ''
  /** The method that was called. */
  operation = ''
  /** Whether the same call may be made again as it is, with no risk of doing something twice. */
  readonly retryable: boolean
  readonly outcome: Outcome

  constructor(message: string, retryable: boolean | 'if-not-applied', context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: cleanCause(context.cause) })
    this.name = new.target.name
    this.outcome = context.outcome ?? 'not-applied'
    this.retryable =
      context.retryable ?? (retryable === 'if-not-applied' ? this.outcome === 'not-applied' : retryable)
  }

  toJSON(): Record<string, unknown> {
    return { ...(this as object), message: this.message }
  }
}

/** Whether `error` is one of ours, from whichever copy of this package. */
export function isStorageError(error: unknown): error is StorageError {
  return error instanceof Error && String((error as { code?: unknown }).code).startsWith('STORAGE_')
}

/** A copy that is safe to log: name, message without credentials and at most 500 characters, code. */
export function cleanCause(cause: unknown): { name: string; message: string; code?: string | number } {
  const { name, message, code } = (cause ?? {}) as { name?: unknown; message?: unknown; code?: unknown }
  const copy = {
    name: typeof name === 'string' ? name : typeof cause,
    message: (typeof message === 'string' ? message : '')
      .replaceAll(/:\/\/[^/\s@]*@/g, '://***@')
      .slice(0, 500),
  }
  return typeof code === 'string' || typeof code === 'number' ? { ...copy, code } : copy
}

/** Says where an error came from, unless it says so itself; returns it. */
export function locate<E>(error: E, backend: string, protocol: string, operation: string): E {
  if (isStorageError(error)) {
    error.backend ||= backend
    if (error.operation === '') {
      error.protocol = protocol
      error.operation = operation
    }
  }
  return error
}

/** An argument breaks the contract's rules; nothing was sent. */
export class InvalidArgumentError extends StorageError {
  readonly code = 'STORAGE_INVALID_ARGUMENT'
  readonly argument: string
  readonly reason: string
  constructor(argument: string, reason: string) {
    super(`Invalid argument: ${argument} ${reason}.`, false)
    this.argument = argument
    this.reason = reason
  }
}

/** A value is larger than the handle's `maxValueBytes`, or than the database takes. */
export class ValueTooLargeError extends StorageError {
  readonly code = 'STORAGE_VALUE_TOO_LARGE'
  readonly argument: string
  readonly bytes: number
  readonly limit: number
  constructor(argument: string, bytes: number, limit: number, context?: ErrorContext) {
    super(
      `${argument} takes ${bytes} bytes; at most ${limit} are stored. Keep large data elsewhere and store a reference.`,
      false,
      context,
    )
    this.argument = argument
    this.bytes = bytes
    this.limit = limit
  }
}

/** The backend does not claim this capability, or this mix of backends cannot have it; nothing was done. */
export class UnsupportedError extends StorageError {
  readonly code = 'STORAGE_UNSUPPORTED'
  readonly capability: string
  constructor(capability: string, hint: string) {
    super(`Not supported: ${capability}. ${hint}`, false)
    this.capability = capability
  }
}

/** The other flows' holds leave no room for the requested amount; nothing was reserved. */
export class InsufficientCapacityError extends StorageError {
  readonly code = 'STORAGE_INSUFFICIENT_CAPACITY'
  readonly resourceId: string
  readonly requested: number
  /** The sum that the other flows hold. */
  readonly locked: number
  readonly capacity: number
  constructor(resourceId: string, requested: number, locked: number, capacity: number) {
    super(
      `No room on ${JSON.stringify(resourceId)}: ${requested} requested, ${locked} of ${capacity} held by other flows.`,
      false,
    )
    this.resourceId = resourceId
    this.requested = requested
    this.locked = locked
    this.capacity = capacity
  }
}

/** Exclusive access was not had in time because others held it; the call may be made again. */
export class ResourceContentionError extends StorageError {
  readonly code = 'STORAGE_RESOURCE_CONTENTION'
  readonly attempts: number
  constructor(attempts: number, context?: ErrorContext) {
    super(
      `Exclusive access was not had after ${attempts} attempts, because another writer kept it. Try again.`,
      true,
      context,
    )
    this.attempts = attempts
  }
}

/** A condition was false, so nothing was written. */
export class ConflictError extends StorageError {
  readonly code = 'STORAGE_CONFLICT'
  constructor(message: string) {
    super(message, false)
  }
}

/** `runOnce`: another caller is running this effect now. */
export class InFlightError extends StorageError {
  readonly code = 'STORAGE_IN_FLIGHT'
  readonly until: string
  constructor(until: string) {
    super(`Another caller is running this effect; its claim holds until ${until}. Try again later.`, true)
    this.until = until
  }
}

/** `runOnce`: an earlier claim ran out with no result, so the effect may or may not have happened. */
export class AmbiguousError extends StorageError {
  readonly code = 'STORAGE_AMBIGUOUS'
  readonly since: string
  /** Ends the claim by `complete` or `abandon`, once somebody has looked whether the effect happened. */
  readonly token: string
  constructor(since: string, token: string) {
    super(
      `The effect was claimed at ${since} and never completed: look whether it happened, then end the claim with this error's token, by complete() or abandon().`,
      false,
    )
    this.since = since
    this.token = token
  }
}

/** The call's deadline passed. */
export class TimeoutError extends StorageError {
  readonly code = 'STORAGE_TIMEOUT'
  readonly timeoutMs: number
  readonly phase: string
  constructor(timeoutMs: number, phase: string, context?: ErrorContext) {
    super(`No answer within ${Math.round(timeoutMs)} ms (${phase}).`, 'if-not-applied', context)
    this.timeoutMs = timeoutMs
    this.phase = phase
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
  constructor(table: string, column: string, reason: string) {
    super(`A stored value in ${table}.${column} ${reason}. Correct or remove that row.`, false)
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
  constructor(message: string, setting: string, found: string, required: string) {
    super(message, false)
    this.setting = setting
    this.found = found
    this.required = required
  }
}

/** The handle is closed. */
export class ClosedError extends StorageError {
  readonly code = 'STORAGE_CLOSED'
  constructor(context?: ErrorContext) {
    super('This storage handle is closed. Open a new one.', false, context)
  }
}

/** Something this version does not know happened: a defect of ours; please report it. */
export class InternalError extends StorageError {
  readonly code = 'STORAGE_INTERNAL'
  constructor(message: string, context?: ErrorContext) {
    super(message, false, context)
  }
}
