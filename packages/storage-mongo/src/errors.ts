import {
  AuthError,
  ClosedError,
  ConfigurationError,
  InternalError,
  InvalidArgumentError,
  type Outcome,
  PermissionError,
  ReadOnlyError,
  ResourceContentionError,
  SchemaError,
  type StorageError,
  StorageFullError,
  TimeoutError,
  UnavailableError,
  ValueTooLargeError,
  isStorageError,
} from '@dir/storage-core'

const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024

/** What a failed call had done by then. */
export interface Circumstances {
  /** A write whose bytes may have left: what is known of it where the error itself does not tell. */
  readonly outcome: Outcome
  /** No connection was lost meanwhile, so that the driver cannot have sent it twice. */
  readonly steady: boolean
  /** How long it ran, in milliseconds. */
  readonly elapsedMs: number
  readonly attempts?: number
}

interface MongoFailure {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly errorResponse?: unknown
  readonly reason?: unknown
  readonly result?: { getWriteConcernError?: () => unknown }
  readonly hasErrorLabel?: (label: string) => boolean
}

/** The error itself: a bulk write wraps what kept it from being sent or answered. */
function look(error: unknown): MongoFailure {
  const failure = (error ?? {}) as MongoFailure
  return failure.name === 'MongoBulkWriteError' && failure.errorResponse instanceof Error
    ? (failure.errorResponse as MongoFailure)
    : failure
}

export function hasLabel(error: unknown, label: string): boolean {
  const failure = look(error)
  return typeof failure.hasErrorLabel === 'function' && failure.hasErrorLabel(label)
}

/** Another document has this `_id`, or this value of a unique index. */
export function isDuplicate(error: unknown): boolean {
  return look(error).code === 11000
}

/** Another writer was in the way of a transaction that is certainly not committed: it may be run again. */
export function isTransient(error: unknown): boolean {
  return (
    hasLabel(error, 'TransientTransactionError') ||
    isDuplicate(error) ||
    [112, 251].includes(Number(look(error).code))
  )
}

/** The server wrote it, and did not say that a majority has it. */
export function isUnconfirmed(error: unknown): boolean {
  const { name, result } = look(error)
  if (name === 'MongoWriteConcernError') return true
  return name === 'MongoBulkWriteError' && result?.getWriteConcernError?.() !== undefined
}

/** The server itself answered, and did nothing. */
export function isRefusal(error: unknown): boolean {
  const failure = look(error)
  const isAnswer = failure.name === 'MongoServerError' || failure.name === 'MongoBulkWriteError'
  return (
    isAnswer &&
    failure.code !== undefined &&
    !isUnconfirmed(failure) &&
    !hasLabel(error, 'RetryableWriteError')
  )
}

/** What is known of a write that failed so. */
export function outcomeOf(error: unknown, { outcome, steady }: Circumstances): Outcome {
  const isCertain = (steady && isRefusal(error)) || hasLabel(error, 'NoWritesPerformed')
  return isCertain ? 'not-applied' : outcome
}

const LOST = new Set([6, 7, 89, 91, 246, 9001, 11600, 11602, 189, 10107, 13435, 13436, 10058, 262])

/** The one place where errors of the driver become errors of the contract. */
export function mapError(cause: unknown, circumstances: Circumstances): StorageError {
  if (isStorageError(cause)) return cause
  const { elapsedMs, attempts = 1 } = circumstances
  const failure = look(cause)
  const { name, code: given, message } = failure
  const code = Number(given)
  const outcome = outcomeOf(cause, circumstances)
  const context = { cause: failure, outcome }
  const text = typeof message === 'string' ? message : ''
  if (name === 'AbortError' || code === 50 || name === 'MongoOperationTimeoutError')
    return new TimeoutError(elapsedMs, 'waiting for the server', context)
  if (code === 100) return impossibleConcern()
  if (isUnconfirmed(cause) || code === 64)
    return new UnavailableError(
      'The server wrote it, and could not say in time whether a majority has it.',
      'durability',
      { cause, outcome: 'unknown' },
    )
  if (code === 20 || /Transaction numbers are only allowed|does not support retryable writes/.test(text))
    return standalone('a standalone server')
  if (code === 18 || name === 'MongoMissingCredentialsError' || /Authentication failed/.test(text))
    return new AuthError('MongoDB refused the credentials. Check user, password and authSource.', { cause })
  if (code === 13)
    return new PermissionError(
      'This MongoDB user may not do this. Grant it readWrite on the database.',
      context,
    )
  if (code === 14031) return new StorageFullError('disk', context)
  if (code === 146) return new StorageFullError('memory', context)
  if ([26, 85, 86].includes(code)) return changedCollections(context)
  if (code === 121)
    return new InvalidArgumentError('the call', "is refused by the collection's own validator")
  if ([10334, 17419, 17420].includes(code) || given === 'ERR_OUT_OF_RANGE')
    return new ValueTooLargeError('the call', MAX_DOCUMENT_BYTES + 1, MAX_DOCUMENT_BYTES, context)
  if (name === 'MongoNotConnectedError' || name === 'MongoClientClosedError')
    return new ClosedError({ outcome })
  if (code === 13435 || code === 10107)
    return new ReadOnlyError('The server is not the primary any more. Try again once there is one.', {
      ...context,
      retryable: outcome === 'not-applied',
    })
  const neighbours = name === 'MongoServerSelectionError' ? serversFound(failure) : null
  if (neighbours?.length === 0) return standalone('no member of the set that the URL names')
  if (neighbours?.includes('RSGhost') === true)
    return standalone('a member of a set that was never initiated')
  if (
    LOST.has(code) ||
    /^query(Srv|Txt) /.test(text) ||
    /^Mongo(Network|ServerSelection|WaitQueueTimeout|PoolCleared|ConnectionPool|PoolClosed|TopologyClosed)/.test(
      String(name),
    )
  )
    return new UnavailableError(
      'MongoDB cannot be reached, or the connection to it was lost. Check that it runs, and host, port and set in the URL.',
      'connect',
      context,
    )
  if (isTransient(cause)) return new ResourceContentionError(attempts, { cause, outcome: 'not-applied' })
  return new InternalError(
    'MongoDB answered in a way that this version does not know. Please report it.',
    context,
  )
}

/** What kinds of servers the driver met at the addresses of the URL; those of another set it has dropped. */
function serversFound(failure: MongoFailure): readonly string[] | null {
  const { servers } = (failure.reason ?? {}) as { readonly servers?: unknown }
  return servers instanceof Map
    ? Array.from(servers.values(), ({ type }: { type?: unknown }) => String(type))
    : null
}

function changedCollections(context: { readonly cause: unknown; readonly outcome: Outcome }): SchemaError {
  return new SchemaError(
    'The collections of this namespace were changed by somebody else. Use another namespace, or restore theirs.',
    'other collections or indexes',
    'ours',
    context,
  )
}

function impossibleConcern(): ConfigurationError {
  return new ConfigurationError(
    'The replica set cannot confirm majority writes: too few of its members bear data.',
    'writeConcern',
    'unsatisfiable',
    'majority',
  )
}

/** How to make a one-node replica set of a standalone server stands in the message. */
export function standalone(found: string): ConfigurationError {
  return new ConfigurationError(
    [
      'MongoDB must be a replica set, of one node at least, or a sharded cluster: a standalone has no transactions. To make it a one-node set:',
      '  start it with:  mongod --replSet rs0 …',
      "  then once:      mongosh --eval 'rs.initiate()'",
    ].join('\n'),
    'replSet',
    found,
    'a replica set',
  )
}
