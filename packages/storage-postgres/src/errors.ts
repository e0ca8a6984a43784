import {
  ClosedError,
  ConfigurationError,
  ConflictError,
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
  TimeoutError,
  UnavailableError,
  ValueTooLargeError,
  isStorageError,
} from '@dir/storage-core'
import { wayError } from './way.ts'
import {
  SessionEnded,
  WrongConnection,
  codeOf,
  isEndedPool,
  isLockTableFull,
  isLockTimeout,
  isPoolers,
  isReadOnly,
  isRefusal,
  isTimeout,
  isTransient,
  isUnsent,
  messageOf,
  shownText,
} from './wire.ts'

const MAX_FIELD_BYTES = 2 ** 30

export interface MapContext {
  readonly outcome?: Outcome
  readonly attempts?: number
  readonly waitedMs?: number
  /** It was on the way to a connection; nothing had been sent. */
  readonly isConnecting?: boolean
}

/** What is known of a statement that commits by itself, or of a COMMIT, which failed so. */
export function outcomeOf(error: unknown): Outcome {
  if (isStorageError(error)) return error.outcome
  return isRefusal(error) || isUnsent(error) || error instanceof WrongConnection ? 'not-applied' : 'unknown'
}

/** The one place where errors of the driver and the server become errors of the contract. */
export function mapError(
  cause: unknown,
  { outcome = outcomeOf(cause), attempts = 1, waitedMs = 0, isConnecting = false }: MapContext = {},
): StorageError {
  if (isStorageError(cause)) return cause
  if (cause instanceof WrongConnection && !cause.isElsewhere)
    return new ResourceContentionError(attempts, { cause: cause.cause, outcome })
  if (cause instanceof WrongConnection || isReadOnly(cause)) {
    const reason = cause instanceof WrongConnection ? cause.cause : cause
    return new ReadOnlyError(
      'The server takes no writes: it is a standby, or was set read-only. Check that the URL leads to the primary.',
      { cause: reason, outcome, ...textOf(reason) },
    )
  }
  const reason = cause instanceof SessionEnded ? cause.cause : cause
  const context = { cause: reason, outcome, ...textOf(reason) }
  if (isTransient(cause) || isLockTimeout(cause) || isLockTableFull(cause))
    return new ResourceContentionError(attempts, context)
  if (isTimeout(cause)) return new TimeoutError(waitedMs, 'answer', context)
  if (isEndedPool(cause)) return new ClosedError(context)
  if (!isPoolers(cause)) {
    const known = ofCode(codeOf(cause), context)
    if (known !== undefined) return known
  }
  if (/invalid (string|memory alloc)/i.test(messageOf(cause))) return tooLarge(context) // before it was sent
  return (
    wayError(cause, context, isConnecting) ??
    new InternalError(
      'PostgreSQL answered in a way that this version does not know. Please report it.',
      context,
    )
  )
}

function textOf(cause: unknown): { causeText?: string } {
  const causeText = shownText(cause)
  return causeText === undefined ? {} : { causeText }
}

type Known = readonly [codes: RegExp, toError: (context: ErrorContext) => StorageError]

const CHANGED = 'The tables are missing, or were changed by somebody else'

/** What SQLSTATEs mean here, by code or by class; the first that matches counts. */
const KNOWN: readonly Known[] = [
  [/^53100/, (context) => new StorageFullError('disk', context)],
  [/^53200/, (context) => new StorageFullError('memory', context)],
  [
    /^(53400|F0|55P02)/,
    (context) =>
      new ConfigurationError(
        'A limit or a setting of the server is in the way, such as temp_file_limit. Its log says which.',
        'the server',
        'a limit',
        'more',
        context,
      ),
  ],
  [
    /^5[37]000/,
    (context) => new UnavailableError('The server has too few resources now. Try again.', 'server', context),
  ],
  [/^(40|55006)/, (context) => new ResourceContentionError(1, context)],
  [/^58/, (context) => new StorageIoError('The server failed to read or write its files.', context)],
  [/^XX00[12]/, (context) => new CorruptionError('The server found its data damaged.', context)],
  [
    /^XX/,
    (context) => new InternalError('PostgreSQL reports an internal error of its own; see its log.', context),
  ],
  [
    /^(42501|0[LP])/,
    (context) =>
      new PermissionError(
        'The role may not use these tables. Grant it USAGE on the schema, SELECT, INSERT, UPDATE, DELETE on its tables, USAGE, SELECT on its sequences, and EXECUTE on its functions.',
        context,
      ),
  ],
  [
    /^(42P05|26|25|08P01)/,
    (context) =>
      new ConfigurationError(
        'Sessions are mixed up, as by a pooler that is not in transaction mode. Use it in transaction mode, without prepared statements.',
        'pooler',
        'sessions of other clients',
        'transaction mode',
        context,
      ),
  ],
  [
    /^0A/,
    (context) =>
      new ConfigurationError(
        'The server lacks something that this backend needs. Use PostgreSQL.',
        'the server',
        'a feature is missing',
        'PostgreSQL',
        context,
      ),
  ],
  [/^54/, tooLarge],
  [
    /^2B/,
    (context) =>
      new ConflictError("Others' objects, such as views, depend on these tables. Drop those first.", context),
  ],
  [
    /^(0[39BFZ]|10|2[0-47DF]|3[489BF]|4[24]|55|HV|P0)/,
    (context) =>
      new SchemaError(`${CHANGED}, as by a column, constraint, trigger or rule.`, 'other', 'ours', context),
  ],
]

function ofCode(code: string, context: ErrorContext): StorageError | undefined {
  return code === '40003' ? undefined : KNOWN.find(([codes]) => codes.test(code))?.[1](context)
}

function tooLarge(context: ErrorContext): ValueTooLargeError {
  return new ValueTooLargeError('the call', MAX_FIELD_BYTES + 1, MAX_FIELD_BYTES, context)
}
