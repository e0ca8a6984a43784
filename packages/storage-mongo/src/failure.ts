import { type Outcome, type StorageError, isStorageError } from '@dir/storage-core'
import { type Circumstances, isTransient, outcomeOf } from './driver-errors.ts'
import { mapError } from './errors.ts'
import { Conflict, Late } from './late.ts'

/** What went wrong on the way to the server or there. Several callers may have to be told, each by an error of its own. */
export class Failure extends Error {
  override readonly cause: unknown
  readonly outcome: Outcome
  readonly #circumstances: Circumstances

  constructor(cause: unknown, circumstances: Circumstances) {
    super('the server, or the way to it, failed')
    this.cause = cause
    this.outcome = isStorageError(cause) ? cause.outcome : outcomeOf(cause, circumstances)
    this.#circumstances = circumstances
  }

  /** The time was over; before a commit that means that nothing was written. */
  get isLate(): boolean {
    return this.cause instanceof Late
  }

  /** Others were in the way of a transaction, which is not committed. */
  get isTransient(): boolean {
    return this.outcome === 'not-applied' && (this.cause instanceof Conflict || isTransient(this.cause))
  }

  /** The same, where an earlier sending may have been carried out. */
  inDoubt(): Failure {
    return new Failure(this.cause, { ...this.#circumstances, inDoubt: true })
  }

  toError(): StorageError {
    return isStorageError(this.cause) ? this.cause : mapError(this.cause, this.#circumstances)
  }
}

/** The answer, or the contract's error. */
export async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof Failure ? error.toError() : error
  }
}
