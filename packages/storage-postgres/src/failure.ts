import { ClosedError, type Outcome, ResourceContentionError, type StorageError } from '@dir/storage-core'
import { mapError, outcomeOf } from './errors.ts'
import { isTimeout } from './wire.ts'

interface Circumstances {
  readonly attempts?: number
  readonly waitedMs?: number
  readonly isConnecting?: boolean
}

/** What went wrong between here and the server. Several callers may have to be told, each by an error of its own. */
export class Failure extends Error {
  override readonly cause: unknown
  readonly outcome: Outcome
  /** There was no connection, so nothing was sent. */
  readonly isConnecting: boolean
  readonly #circumstances: Circumstances

  constructor(cause: unknown, outcome: Outcome = outcomeOf(cause), circumstances: Circumstances = {}) {
    super('the server, or the way to it, failed')
    this.cause = cause
    this.outcome = outcome
    this.isConnecting = circumstances.isConnecting ?? false
    this.#circumstances = circumstances
  }

  get isTimeout(): boolean {
    return isTimeout(this.cause)
  }

  /** The same, where more is known of the outcome, or less. */
  as(outcome: Outcome): Failure {
    return new Failure(this.cause, outcome, this.#circumstances)
  }

  /** The same, for who waited that long and tried that often. */
  after(attempts: number, waitedMs: number): Failure {
    return new Failure(this.cause, this.outcome, { ...this.#circumstances, attempts, waitedMs })
  }

  toError(): StorageError {
    return mapError(this.cause, { ...this.#circumstances, outcome: this.outcome })
  }
}

/** The locks were not had in the time given for them; nothing was sent that writes. */
export class LocksDenied extends Error {}

/** What is known of a write that failed so. */
export function outcomeAfter(error: unknown): Outcome {
  return error instanceof Failure ? error.outcome : outcomeOf(error)
}

/** `error` for a call of which it is not known whether an earlier sending was carried out. */
export function unknownBefore(error: unknown): unknown {
  if (error instanceof Failure) return error.as('unknown')
  return error instanceof ClosedError ? new ClosedError({ outcome: 'unknown' }) : error
}

/** The answer, or the contract's error. */
export async function withStorageErrors<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof LocksDenied) throw new ResourceContentionError(1)
    throw error instanceof Failure ? error.toError() : error
  }
}
