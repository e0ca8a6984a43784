import { AmbiguousError, ConflictError, InFlightError, isStorageError, locate } from '../errors/index.ts'
import type { Claim } from '../protocols/claims.ts'

/** Why an effect is not run. */
export function notRun(claim: Exclude<Claim, { state: 'started' | 'replay' }>): Error {
  if (claim.state === 'inFlight') return inRunOnce(new InFlightError(claim.until))
  if (claim.state === 'ambiguous') return inRunOnce(new AmbiguousError(claim.since, claim.token))
  return inRunOnce(
    new ConflictError(
      'This key is in use for another request (the request hashes differ). Use a key of its own.',
    ),
  )
}

/** The effect ran, and whether its result is stored is not known, or its claim is over while it runs. */
export function notStored(since: string, token: string, cause: unknown): Error {
  const causeText = isStorageError(cause) ? cause.message : '' // our own messages quote nothing
  return inRunOnce(new AmbiguousError(since, token, { cause, causeText, outcome: 'unknown' }))
}

/** Somebody else has ended the claim of an effect that ran, or runs. */
export function endedByOthers(what: 'ran' | 'runs'): Error {
  return inRunOnce(
    new ConflictError(
      `The effect ${what}, but its claim was ended by somebody else meanwhile, so its result is not stored.`,
      { outcome: 'unknown' },
    ),
  )
}

function inRunOnce<E>(error: E): E {
  return locate(error, '', 'idempotency', 'runOnce')
}
