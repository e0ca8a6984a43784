import { type ErrorContext, isOurs } from './storage-error.ts'

/**
 * What a call was waiting for when its time was over: `queue`, its turn among the handle's writes; `order`, earlier
 * writes of the handle that it must come after; `connect`, a connection; `access`, records that somebody else had
 * exclusively; `answer`, the store, which has got it; `list`, the next page of a long list.
 */
export type WaitPhase = 'queue' | 'order' | 'connect' | 'access' | 'answer' | 'list'

/** How far a call came before it was given up. */
export interface Attempts {
  /** How often the store was asked. 0: never. */
  attempts: number
  /** The call's own time until then, in milliseconds. */
  elapsedMs: number
  /** How long the last attempt took or, without an answer, had taken by then. */
  lastAttemptMs: number
}

export interface AttemptsContext extends ErrorContext, Partial<Readonly<Attempts>> {
  readonly phase?: WaitPhase
}

/** Adds what a caller of theirs knows of the attempts to the errors that tell of them; any other stays as it is. */
export function addAttempts(error: unknown, known: Readonly<Attempts>): void {
  if (!isOurs(error) || !tellsOfAttempts(error)) return
  error.attempts = Math.max(error.attempts, known.attempts)
  error.elapsedMs = Math.max(error.elapsedMs, known.elapsedMs)
  if (error.attempts > 0) error.lastAttemptMs ||= known.lastAttemptMs
}

function tellsOfAttempts(error: object): error is Attempts {
  return 'attempts' in error && 'lastAttemptMs' in error
}
