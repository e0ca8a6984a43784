// What the caller, or another caller, is the reason of: the store itself is well.
import { type ErrorContext, StorageError } from './storage-error.ts'

/** An argument breaks the contract's rules; nothing was sent. */
export class InvalidArgumentError extends StorageError {
  readonly code = 'STORAGE_INVALID_ARGUMENT'
  readonly argument: string
  readonly reason: string
  constructor(argument: string, reason: string) {
    super(`Invalid argument: ${argument} ${reason}.`, false)
    this.argument = argument
    this.reason = reason
  }
}

/** A value is larger than the handle's `maxValueBytes`, or than the database takes. */
export class ValueTooLargeError extends StorageError {
  readonly code = 'STORAGE_VALUE_TOO_LARGE'
  readonly argument: string
  readonly bytes: number
  readonly limit: number
  constructor(argument: string, bytes: number, limit: number, context?: ErrorContext) {
    super(
      `${argument} takes ${bytes} bytes; at most ${limit} are stored. Keep large data elsewhere and store a reference.`,
      false,
      context,
    )
    this.argument = argument
    this.bytes = bytes
    this.limit = limit
  }
}

/** The backend does not claim this capability, or this mix of backends cannot have it; nothing was done. */
export class UnsupportedError extends StorageError {
  readonly code = 'STORAGE_UNSUPPORTED'
  readonly capability: string
  constructor(capability: string, hint: string) {
    super(`Not supported: ${capability}. ${hint}`, false)
    this.capability = capability
  }
}

/** The other flows' holds leave no room for the requested amount; nothing was reserved. */
export class InsufficientCapacityError extends StorageError {
  readonly code = 'STORAGE_INSUFFICIENT_CAPACITY'
  readonly resourceId: string
  readonly requested: number
  /** The sum that the other flows hold. */
  readonly locked: number
  readonly capacity: number
  constructor(resourceId: string, requested: number, locked: number, capacity: number) {
    super(
      `No room on ${JSON.stringify(resourceId)}: ${requested} requested, ${locked} of ${capacity} held by other flows.`,
      false,
    )
    this.resourceId = resourceId
    this.requested = requested
    this.locked = locked
    this.capacity = capacity
  }
}

/** Of a batch's condition that was false. */
export interface FalseCondition {
  /** Its place among the operations of the batch, in the order recorded; the first has 0. */
  readonly position: number
  /**
   * What stood there instead; null: nothing. Of `transition` and `expectStatus` it is the flow's status, of `resolveRequest`
   * the request's: `RESOLVED`, or `PENDING` for one that was opened again since `createdAt`. Of `compareAndSet…` and
   * `expectSession` it is `other` for another text, which is not told, because errors are logged; of `complete`, `abandon`
   * and `renewClaim` `finished` for a result, `claimed` for a claim with another token. `updateStatus` and `renew` find
   * nothing: no such agent, no live lease that is old enough.
   */
  readonly found: string | null
}

/** A condition was false, so nothing was written. */
export class ConflictError extends StorageError {
  readonly code = 'STORAGE_CONFLICT'
  /** As of `FalseCondition`; null where it was no condition of a batch. */
  readonly position: number | null
  /** As of `FalseCondition`; undefined where it was no condition of a batch. */
  readonly found: string | null | undefined
  constructor(message: string, context?: ErrorContext, condition?: FalseCondition) {
    super(message, false, context)
    this.position = condition?.position ?? null
    this.found = condition?.found
  }
}

/** `runOnce`: another caller is running this effect now. */
export class InFlightError extends StorageError {
  readonly code = 'STORAGE_IN_FLIGHT'
  readonly until: string
  constructor(until: string) {
    super(`Another caller is running this effect; its claim holds until ${until}. Try again later.`, true)
    this.until = until
  }
}

/**
 * `runOnce`: an earlier claim ran out with no result, so the effect may or may not have happened; or the effect ran now,
 * and its result could not be stored (`cause` says why, and `outcome` is `unknown`).
 */
export class AmbiguousError extends StorageError {
  readonly code = 'STORAGE_AMBIGUOUS'
  readonly since: string
  /** Ends the claim by `complete` or `abandon`, once somebody has looked whether the effect happened. */
  readonly token: string
  constructor(since: string, token: string, context?: ErrorContext) {
    const what =
      context === undefined
        ? `The effect was claimed at ${since} and never completed: look whether it happened, then`
        : `The effect, claimed at ${since}, ran, but its result is not known to be stored: look what it did, then`
    super(`${what} end the claim with this error's token, by complete() or abandon().`, false, context)
    this.since = since
    this.token = token
  }
}

/** The handle is closed, or was while the call was under way. */
export class ClosedError extends StorageError {
  readonly code = 'STORAGE_CLOSED'
  constructor(context?: ErrorContext) {
    const lost = 'This storage handle was closed before its store answered: look whether the write happened.'
    super(
      context?.outcome === 'unknown' ? lost : 'This storage handle is closed. Open a new one.',
      false,
      context,
    )
  }
}
