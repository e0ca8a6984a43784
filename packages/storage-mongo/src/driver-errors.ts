import { isPlain, provesNothingDone } from './error-codes.ts'
import type { Outcome } from '@dir/storage-core'

/** What a failed call had done by then. */
export interface Circumstances {
  /** A write whose bytes may have left: what is known of it where the error itself does not tell. */
  readonly outcome: Outcome
  /** A server that answers is known since before, and did not change: the driver cannot have sent it twice. */
  readonly steady: boolean
  /** A server was known when it began, or was found meanwhile. */
  readonly reached: boolean
  /** How long it ran, in milliseconds. */
  readonly elapsedMs: number
  /** An earlier sending may have been carried out, of which a refusal of this one says nothing. */
  readonly inDoubt?: boolean
  readonly attempts?: number
}

/** What the driver's errors have in common; another copy of the driver may have made them. */
export interface MongoFailure {
  readonly name?: unknown
  readonly code?: unknown
  readonly codeName?: unknown
  readonly message?: unknown
  readonly errorResponse?: unknown
  readonly originalError?: unknown
  readonly reason?: unknown
  readonly cause?: unknown
  readonly result?: { getWriteConcernError?: () => unknown }
  readonly hasErrorLabel?: (label: string) => boolean
}

/** The error itself: the driver wraps what kept a bulk write from being sent, and what a standalone says. */
export function look(error: unknown): MongoFailure {
  const failure = (error ?? {}) as MongoFailure
  const { name, errorResponse, originalError } = failure
  if (name === 'MongoBulkWriteError' && errorResponse instanceof Error) return look(errorResponse)
  return originalError instanceof Error ? look(originalError) : failure
}

export function hasLabel(error: unknown, label: string): boolean {
  const failure = look(error)
  return typeof failure.hasErrorLabel === 'function' && failure.hasErrorLabel(label)
}

/** Another document has this `_id`, or this value of a unique index. */
export function isDuplicate(error: unknown): boolean {
  return look(error).code === 11000
}

const INTERRUPTED = 11601
const CONFLICTS: readonly unknown[] = [112, 251, INTERRUPTED]

/** Others were in the way of a transaction that is certainly not committed: it may be run again. */
export function isTransient(error: unknown): boolean {
  return (
    hasLabel(error, 'TransientTransactionError') || isDuplicate(error) || CONFLICTS.includes(look(error).code)
  )
}

/**
 * A commit's error that proves that the transaction is not committed, and never will be. The label does, not the code:
 * a server leaves it out where it knows of no such transaction, and the majority may know better.
 */
export function isAborted(error: unknown): boolean {
  return hasLabel(error, 'TransientTransactionError')
}

/** Whether a commit's error leaves open whether it is committed, so that it must be asked again. */
export function isOpenCommit(error: unknown): boolean {
  return hasLabel(error, 'UnknownTransactionCommitResult') || look(error).code === INTERRUPTED
}

/** The server wrote it, and did not say that a majority has it. */
export function isUnconfirmed(error: unknown): boolean {
  const { name, result } = look(error)
  if (name === 'MongoWriteConcernError') return true
  return name === 'MongoBulkWriteError' && result?.getWriteConcernError?.() !== undefined
}

/** What is known of a write that failed so. */
export function outcomeOf(error: unknown, { outcome, steady, inDoubt = false }: Circumstances): Outcome {
  if (inDoubt) return 'unknown'
  const { name, code } = look(error)
  const isAnswer = name === 'MongoServerError' || name === 'MongoBulkWriteError'
  const isProof =
    steady &&
    isAnswer &&
    !isUnconfirmed(error) &&
    !hasLabel(error, 'RetryableWriteError') &&
    provesNothingDone(code)
  return isProof || hasLabel(error, 'NoWritesPerformed') ? 'not-applied' : outcome
}

const NETWORK = /^Mongo(Network|ServerSelection|WaitQueueTimeout|ConnectionPool|PoolClosed|TopologyClosed)/

/**
 * The driver could not send it, or lost the answer. Its names do not all begin alike, so those of base classes count
 * too.
 */
export function isNetwork(failure: MongoFailure): boolean {
  let at: unknown = failure
  for (; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at))
    if (NETWORK.test(String((at as MongoFailure).name))) return true
  return false
}

/** What of the error's message may be shown: nothing that might quote the request. */
export function shownText(failure: MongoFailure): string | undefined {
  const { message, code } = failure
  return typeof message === 'string' && (isPlain(code) || isNetwork(failure)) ? message : undefined
}
