import {
  AuthError,
  ClosedError,
  ConfigurationError,
  CorruptionError,
  type ErrorContext,
  InternalError,
  InvalidArgumentError,
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
import {
  type Circumstances,
  type MongoFailure,
  hasLabel,
  isNetwork,
  isTransient,
  isUnconfirmed,
  look,
  outcomeOf,
  shownText,
} from './driver-errors.ts'
import { type Kind, kindOf } from './error-codes.ts'
import { standalone, wayThere } from './connecting.ts'

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024

/** The one place where errors of the driver become errors of the contract. */
export function mapError(cause: unknown, circumstances: Circumstances): StorageError {
  if (isStorageError(cause)) return cause
  const failure = look(cause)
  const outcome = outcomeOf(cause, circumstances)
  const causeText = shownText(failure)
  const context = { cause: failure, outcome, ...(causeText === undefined ? {} : { causeText }) }
  if (isUnconfirmed(cause) || failure.code === 64) return unconfirmed(failure, context, circumstances)
  const kind = kindOf(failure.code)
  if (kind !== undefined) return OF_KIND[kind](context, circumstances, failure)
  return ofDriver(failure, context, circumstances) ?? ofLabel(cause, context, circumstances)
}

type Make = (context: ErrorContext, circumstances: Circumstances, failure: MongoFailure) => StorageError

const OF_KIND: { readonly [K in Kind]: Make } = {
  auth: (context) =>
    new AuthError('MongoDB refused the credentials. Check user, password and authSource.', context),
  permission: (context, { reached }) =>
    reached
      ? new PermissionError(
          'This MongoDB user, or nobody, may not do this. Name a user in the URL, and grant it readWrite on the database.',
          context,
        )
      : new AuthError('MongoDB refused the user. Check user, password, authSource and its rights.', context),
  timeout: (context, { elapsedMs }) => new TimeoutError(elapsedMs, 'answer', context),
  lost: (context) =>
    new UnavailableError(
      'MongoDB cannot be reached, or the connection to it was lost. Check that it runs, and host, port, set and tls in the URL.',
      'connect',
      context,
    ),
  ended: (context) =>
    new UnavailableError(
      'MongoDB ended the operation: it is overloaded, or somebody had it ended. Try again.',
      'server',
      context,
    ),
  readOnly: (context) =>
    new ReadOnlyError('The server is not the primary any more. Try again once there is one.', {
      ...context,
      retryable: context.outcome === 'not-applied',
    }),
  contention: (context, { attempts = 1 }) =>
    new ResourceContentionError(attempts, { ...context, retryable: context.outcome === 'not-applied' }),
  disk: (context) => new StorageFullError('disk', context),
  memory: (context) => new StorageFullError('memory', context),
  tooLarge: (context) =>
    new ValueTooLargeError('the call', MAX_DOCUMENT_BYTES + 1, MAX_DOCUMENT_BYTES, context),
  schema: (context) =>
    new SchemaError(
      'The collections of this namespace were changed by somebody else. Use another namespace, or restore theirs.',
      'other collections or indexes',
      'ours',
      context,
    ),
  // an invalid argument tells that nothing was sent, so it takes a proof
  validator: (context, ...rest) =>
    context.outcome === 'not-applied'
      ? new InvalidArgumentError('the call', "is refused by the collection's own validator")
      : OF_KIND.schema(context, ...rest),
  standalone: (context) => standalone('a standalone server', context),
  majority: (context) =>
    new ConfigurationError(
      'The replica set cannot confirm majority writes: too few of its members bear data.',
      'writeConcern',
      'unsatisfiable',
      'majority',
      context,
    ),
  configuration: (context, _, { code, codeName }) =>
    new ConfigurationError(
      `This server does not take what this package needs (${String(codeName ?? code)}). Use MongoDB 5.0 or newer, with its own defaults.`,
      'server',
      String(codeName ?? code),
      'MongoDB 5.0 or newer',
      context,
    ),
  io: (context) => new StorageIoError('The server could not read or write its files. See its log.', context),
  corrupt: (context) =>
    new CorruptionError('The server says that its data is damaged. See its log.', context),
}

/** Whether a read that failed so may be answered when it is asked again at once. */
export function isPassing(error: unknown): boolean {
  if (!isStorageError(error) || !error.retryable) return false
  const { cause } = error as { readonly cause?: { readonly name?: unknown } }
  return /_(UNAVAILABLE|READ_ONLY|RESOURCE_CONTENTION)$/.test(error.code) && !hasWaited(cause?.name)
}

/** The driver has looked for a server, or a connection, as long as it may. */
const hasWaited = (name: unknown): boolean => /^Mongo(ServerSelection|WaitQueue)/.test(String(name))

/** It is on the primary, and may not stay: nobody can say. */
function unconfirmed(failure: MongoFailure, given: ErrorContext, circumstances: Circumstances): StorageError {
  const context = { ...given, outcome: 'unknown' } as const
  if (kindOf(failure.code) === 'majority') return OF_KIND.majority(context, circumstances, failure)
  return new UnavailableError(
    'The server wrote it, and could not say in time whether a majority has it.',
    'durability',
    context,
  )
}

/** What the driver itself says. */
function ofDriver(
  failure: MongoFailure,
  context: ErrorContext,
  circumstances: Circumstances,
): StorageError | null {
  const { name, code } = failure
  if (name === 'AbortError' || name === 'MongoOperationTimeoutError')
    return OF_KIND.timeout(context, circumstances, failure)
  if (name === 'MongoMissingCredentialsError') return OF_KIND.auth(context, circumstances, failure)
  if (code === 'ERR_OUT_OF_RANGE') return OF_KIND.tooLarge(context, circumstances, failure)
  if (name === 'MongoNotConnectedError' || name === 'MongoClientClosedError') return new ClosedError(context)
  if (name === 'MongoWaitQueueTimeoutError')
    return new UnavailableError(
      'All connections to MongoDB were in use: it is slower than its callers. Issue fewer calls at once, or raise maxPoolSize in the URL.',
      'queue',
      context,
    )
  const isDns = /^query(Srv|Txt) /.test(String(failure.message))
  if (!isNetwork(failure) && !isDns) return null
  return wayThere(failure, context) ?? OF_KIND.lost(context, circumstances, failure)
}

/** Classes of errors that the server marks, whatever their codes; what has no mark is nothing that was foreseen. */
function ofLabel(cause: unknown, context: ErrorContext, circumstances: Circumstances): StorageError {
  const failure = look(cause)
  if (isTransient(cause)) return OF_KIND.contention(context, circumstances, failure)
  const labels = [
    'RetryableWriteError',
    'RetryableError',
    'SystemOverloadedError',
    'ResumableChangeStreamError',
  ]
  if (labels.some((label) => hasLabel(cause, label))) return OF_KIND.ended(context, circumstances, failure)
  return new InternalError(
    `MongoDB answered in a way that this version does not know (${String(failure.codeName ?? failure.code ?? failure.name)}). Please report it.`,
    context,
  )
}
