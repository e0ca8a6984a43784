import {
  AuthError,
  ClosedError,
  ConfigurationError,
  ConflictError,
  CorruptionError,
  InternalError,
  InvalidArgumentError,
  type Outcome,
  PermissionError,
  ReadOnlyError,
  ResourceContentionError,
  SchemaError,
  type StorageError,
  StorageFullError,
  StorageIoError,
  TimeoutError,
  UnavailableError,
  ValueTooLargeError,
  isStorageError,
} from '@dir/storage-core'

const MAX_FIELD_BYTES = 2 ** 30
const READ_TIMEOUT = 'Query read timeout'

interface DriverError {
  readonly code?: unknown
  readonly severity?: unknown
  readonly message?: unknown
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as DriverError
  return typeof code === 'string' ? code : ''
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as DriverError
  return typeof message === 'string' ? message : ''
}

/** The server refused one statement and goes on; so its transaction is undone, and the connection is in order. */
export function isRefusal(error: unknown): boolean {
  return (error as DriverError | null)?.severity === 'ERROR' && !/^(08|57P0|40003)/.test(codeOf(error))
}

/** What is known of a statement that commits by itself, or of a COMMIT, which failed so. */
export function outcomeOf(error: unknown): Outcome {
  if (isStorageError(error)) return error.outcome
  return isRefusal(error) || /not queryable/.test(messageOf(error)) ? 'not-applied' : 'unknown'
}

/** Undone by the server because of other transactions, or of its lock table being full: the same may succeed later. */
export function isTransient(error: unknown): boolean {
  return /^(40001|40P01)$/.test(codeOf(error)) || isLockTableFull(error) || isStalePlan(error)
}

/** A statement that this connection prepared before the tables were changed; another connection can run it. */
export function isStalePlan(error: unknown): boolean {
  return codeOf(error) === '0A000' && /cached plan/.test(messageOf(error))
}

function isLockTableFull(error: unknown): boolean {
  return codeOf(error) === '53200' && /shared memory/.test(messageOf(error))
}

/** The events of this batch are there already. */
export function isSentBefore(error: unknown): boolean {
  const { constraint } = (error ?? {}) as { constraint?: unknown }
  return codeOf(error) === '23505' && constraint === 'decision_audit_events_batch'
}

/** A lock was not had in the time given for it. */
export function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === '55P03'
}

/** The connection is lost, and may be had again; a timeout is none. */
export function isDisconnection(error: unknown): boolean {
  return (
    /^(08(?!P01)|57P0[123]|ECONN|EPIPE|ETIMEDOUT)/.test(codeOf(error)) ||
    /^(Connection terminated|Client has encountered a connection error)/.test(messageOf(error))
  )
}

/** The server found its files damaged. */
export function isDamage(error: unknown): boolean {
  return /^XX00[12]$/.test(codeOf(error))
}

/** The deadline passed, on this side or the server's. */
export function isTimeout(error: unknown): boolean {
  return /^(57014|25P03|25P04)$/.test(codeOf(error)) || messageOf(error) === READ_TIMEOUT
}

/** As the driver says it when an answer is late. */
export function tooLate(): Error {
  return new Error(READ_TIMEOUT)
}

/** The one place where errors of the driver and the server become errors of the contract. */
export function mapError(
  cause: unknown,
  { outcome = outcomeOf(cause), attempts = 1, waitedMs = 0 }: MapContext = {},
): StorageError {
  if (isStorageError(cause)) return cause
  const context = { cause, outcome }
  const code = codeOf(cause)
  const message = messageOf(cause)
  if (isTransient(cause) || isLockTimeout(cause)) return new ResourceContentionError(attempts, context)
  if (isTimeout(cause)) return new TimeoutError(waitedMs, 'waiting for the server', context)
  if (code === '53100') return new StorageFullError('disk', context)
  if (code === '53200') return new StorageFullError('memory', context)
  if (code === '58030') return new StorageIoError('The server failed to read or write its files.', context)
  if (isDamage(cause)) return new CorruptionError('The server found its data damaged.', context)
  if (code === '25006')
    return new ReadOnlyError('The server takes no writes here: it is a standby, or set read-only.', context)
  if (code.startsWith('28') || message.startsWith('SASL'))
    return new AuthError('PostgreSQL refused the user or the password. Check them in the URL.', context)
  if (code === '42501')
    return new PermissionError(
      'The role may not do this. Grant it CREATE on the database, or have an administrator run what postgresSchema() prints.',
      context,
    )
  if (/^(42P01|42703|3F000|42883)$/.test(code))
    return new SchemaError(
      'The tables are missing, or were changed by somebody else.',
      'other',
      'ours',
      context,
    )
  if (code === '3D000')
    return new UnavailableError(
      'There is no such database on this server. Create it, or correct the URL.',
      'connect',
      {
        ...context,
        retryable: false,
      },
    )
  if (/^(42P05|26000)$/.test(code))
    return new ConfigurationError(
      'The pooler mixes up prepared statements. Use it in transaction mode with unnamed statements.',
      'pooler',
      'prepared statements of other clients',
      'transaction mode',
    )
  if (/^(54000|54001)$/.test(code) || /invalid (string|memory alloc)/i.test(message))
    return new ValueTooLargeError('the call', MAX_FIELD_BYTES + 1, MAX_FIELD_BYTES, context)
  if (code === '2BP01')
    return new ConflictError("Others' objects, such as views, depend on these tables. Drop those first.")
  if (code === '23514') return new InvalidArgumentError('the call', 'breaks a rule of the database')
  if (message.startsWith('Cannot use a pool after calling end')) return new ClosedError(context)
  if (isDisconnection(cause) || isUnreachable(cause)) return unavailable(context)
  return new InternalError(
    'PostgreSQL answered in a way that this version does not know. Please report it.',
    context,
  )
}

export interface MapContext {
  readonly outcome?: Outcome
  readonly attempts?: number
  readonly waitedMs?: number
}

/** No connection was had: no server, no room on it, none of a pooler's, none of the pool's. */
function isUnreachable(error: unknown): boolean {
  const isFatal = (error as DriverError | null)?.severity === 'FATAL'
  return (
    /^(53300|40003|E[A-Z_]{3,}|(ERR_TLS|ERR_SSL|CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO)_[A-Z_]+)$/.test(
      codeOf(error),
    ) ||
    (isFatal && codeOf(error) === '08P01') || // how PgBouncer says that it has no server
    /^timeout exceeded when trying to connect|^The server does not support SSL/.test(messageOf(error))
  )
}

function unavailable(context: { readonly cause: unknown; readonly outcome: Outcome }): UnavailableError {
  return context.outcome === 'unknown'
    ? new UnavailableError(
        'The connection was lost before the server answered; whether it wrote is not known.',
        'reply',
        context,
      )
    : new UnavailableError(
        'PostgreSQL cannot be reached, or no connection was free in time. Check that it runs, host and port in the URL, and the size of the pool.',
        'connect',
        context,
      )
}
