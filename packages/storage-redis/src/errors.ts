import {
  InternalError,
  type Outcome,
  type StorageError,
  TimeoutError,
  UnavailableError,
  isStorageError,
} from '@dir/storage-core'
import { failureMeaning, unreachableMeaning } from './failures.ts'
import { meaningOf } from './replies.ts'

/** No reply came by the deadline. */
export class NoAnswerError extends Error {
  readonly waitedMs: number
  constructor(waitedMs: number) {
    super('no reply')
    this.waitedMs = waitedMs
  }
}

/** No connection came about, so nothing was sent: not by the deadline, or, with `isFinal`, for a reason that will stay. */
export class UnreachableError extends Error {
  readonly isTls: boolean
  readonly isFinal: boolean
  constructor(cause: unknown, isTls: boolean, isFinal: boolean) {
    super('no connection', { cause })
    this.isTls = isTls
    this.isFinal = isFinal
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '')

/** The server, or something that speaks for it, answered with an error. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && messageOf(error).startsWith('NOSCRIPT')
}

/** The client had no connection to send over. */
export function isUnsent(error: unknown): boolean {
  return (
    error instanceof UnreachableError || /^(Stream|Cluster) isn't (writeable|ready)/.test(messageOf(error))
  )
}

/** A reply that another server would not give, or this one in a moment. */
export function mayPass(error: unknown): boolean {
  return isReply(error) && meaningOf(messageOf(error))?.passes === true
}

/** The connection leads to a server that is not the one to ask, if it ever was: the client connects anew. */
export function isWrongServer(error: unknown): boolean {
  return isReply(error) && /^(READONLY|MASTERDOWN|UNBLOCKED|DIRROLE|DIRSTORE)\b/.test(messageOf(error))
}

/** What no further attempt to connect would change, such as a refused password. */
export function isFinal(error: unknown): boolean {
  return ['STORAGE_AUTH', 'STORAGE_CONFIGURATION', 'STORAGE_PERMISSION'].includes(
    mapError(error, 'not-applied').code,
  )
}

/** What a script's function failed with, after it had written something, or not. */
export function failedScript(message: string, wrote: boolean): StorageError {
  const outcome = wrote ? 'unknown' : 'not-applied'
  const meaning = meaningOf(message)
  if (meaning !== undefined && !wrote) return meaning.error({ outcome })
  return new InternalError('A script failed in a way that this version does not know. Please report it.', {
    outcome,
    cause: new Error(message),
    causeText: meaning === undefined ? '' : message,
  })
}

/**
 * The one place where errors of the driver and the server become errors of the contract. `outcome` is what is known
 * without proof; a refusal is proof unless it was `repeated`, and an earlier sending may have been carried out.
 */
export function mapError(cause: unknown, outcome: Outcome, repeated = false): StorageError {
  if (isStorageError(cause)) return cause
  const { lastNodeError } = (cause ?? {}) as { readonly lastNodeError?: unknown } // of a Cluster client
  if (lastNodeError instanceof Error) return mapError(lastNodeError, outcome, repeated)
  if (cause instanceof NoAnswerError) return new TimeoutError(cause.waitedMs, 'answer', { outcome })
  if (cause instanceof UnreachableError) return mapUnreachable(cause, outcome, repeated)
  if (isReply(cause)) return mapReply(cause, outcome, repeated)
  const meaning = failureMeaning(cause)
  if (meaning !== undefined) return meaning({ outcome, cause })
  return new InternalError('An unexpected error came from the Redis client. Please report it.', {
    outcome,
    cause,
  })
}

function mapUnreachable(
  { cause, isTls }: UnreachableError,
  outcome: Outcome,
  repeated: boolean,
): StorageError {
  const context = cause === undefined ? { outcome } : { outcome, cause }
  const meaning = unreachableMeaning(cause, isTls)
  if (meaning !== undefined) return meaning(context)
  if (cause !== undefined && !(cause instanceof NoAnswerError)) {
    const error = mapError(cause, outcome, repeated)
    if (error.code !== 'STORAGE_INTERNAL') return error
  }
  return new UnavailableError(
    'Redis cannot be reached. Check that it runs, and the address.',
    'connect',
    context,
  )
}

function mapReply(cause: unknown, outcome: Outcome, repeated: boolean): StorageError {
  const message = messageOf(cause)
  const meaning = meaningOf(message)
  if (meaning === undefined)
    return new InternalError(
      'Redis, or something before it, answered in a way that this version does not know. Please report it.',
      { outcome, cause, causeText: /^[A-Z]+\b/.exec(message)?.[0] ?? '' },
    )
  const known = repeated || !meaning.nothingRan ? outcome : 'not-applied'
  // of ERR, what follows may quote the request
  const causeText = message.startsWith('ERR ') ? 'ERR' : message
  return meaning.error({ outcome: known, cause, causeText })
}
