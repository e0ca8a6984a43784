import { type Outcome, ResourceContentionError, type StorageError } from '@dir/storage-core'
import { isTimeout, mapError, outcomeOf } from './errors.ts'

/** What went wrong between here and the server. Several callers may have to be told, each by an error of its own. */
export class Failure extends Error {
  override readonly cause: unknown
  readonly outcome: Outcome
  readonly #waitedMs: number
  readonly #attempts: number

  constructor(cause: unknown, outcome: Outcome = outcomeOf(cause), { attempts = 1, waitedMs = 0 } = {}) {
    super('the server, or the way to it, failed')
    this.cause = cause
    this.outcome = outcome
    this.#waitedMs = waitedMs
    this.#attempts = attempts
  }

  get isTimeout(): boolean {
    return isTimeout(this.cause)
  }

  toError(): StorageError {
    return mapError(this.cause, { outcome: this.outcome, attempts: this.#attempts, waitedMs: this.#waitedMs })
  }
}

/** The locks were not had in the time given for them; nothing was sent that writes. */
export class LocksDenied extends Error {}

/** The answer, or the contract's error. */
export async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof LocksDenied) throw new ResourceContentionError(1)
    throw error instanceof Failure ? error.toError() : error
  }
}
