import { type Outcome, isStorageError } from '@dir/storage-core'
import { copyOf } from '@dir/storage-core/adapter'
import { type Circumstances, isTransient, look, outcomeOf } from './driver-errors.ts'
import { kindOf } from './error-codes.ts'
import { mapError } from './errors.ts'
import { Late } from './late.ts'

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
    return this.outcome === 'not-applied' && isTransient(this.cause)
  }

  /** The server does not take a document of it, or its size: without that, the rest would have been written. */
  get isOfOneDocument(): boolean {
    const { code } = look(this.cause)
    const kind = code === 'ERR_OUT_OF_RANGE' ? 'tooLarge' : kindOf(code)
    return this.outcome === 'not-applied' && (kind === 'validator' || kind === 'tooLarge')
  }

  toError(): unknown {
    return isStorageError(this.cause) ? copyOf(this.cause) : mapError(this.cause, this.#circumstances)
  }
}

/** The answer, or the contract's error. */
export async function withStorageErrors<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof Failure ? error.toError() : error
  }
}
