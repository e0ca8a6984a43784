import { setTimeout as sleep } from 'node:timers/promises'
import { AmbiguousError, ConflictError, InFlightError, locate } from './errors.ts'
import type { Claim, IdempotencyStorage, JsonObject } from './idempotency.ts'
import { loadsJson } from './json/decode.ts'
import { dumpsJsonDict } from './json/encode.ts'
import { options } from './rules/objects.ts'
import { callable, seconds } from './rules/validate.ts'

export interface RunOnceOptions {
  /** How long `fn` may take before its claim counts as ambiguous. */
  readonly leaseSec: number
  readonly requestHash?: string
  /** How long to wait for another caller who is running the effect; default 5. */
  readonly waitSec?: number
}

const POLL_MS = 25

/**
 * Runs an effect once, whatever races: in one process `fn` runs, all others get its result. When `fn` throws, the
 * claim is abandoned and the error rethrown, so that a later call runs it again; `fn` must therefore throw only
 * if its effect did not happen. The result is stored by `complete`; one that comes after the lease still counts.
 *
 * @throws InFlightError if another caller still runs it after `waitSec`.
 * @throws AmbiguousError, with the token that ends it, if an earlier run died half-way.
 * @throws ConflictError if the key is in use for another request, or the claim was ended meanwhile by somebody else.
 */
export async function runOnce(
  idempotency: IdempotencyStorage,
  key: string,
  given: RunOnceOptions,
  fn: () => JsonObject | Promise<JsonObject>,
): Promise<JsonObject> {
  const {
    leaseSec,
    requestHash,
    waitSec = 5,
  } = options(given, ['leaseSec', 'requestHash', 'waitSec']) as RunOnceOptions
  callable('fn', fn)
  const claimOptions = requestHash === undefined ? { leaseSec } : { leaseSec, requestHash }
  const until = performance.now() + seconds('waitSec', waitSec) * 1000
  for (;;) {
    const claim = await idempotency.claim(key, claimOptions)
    if (claim.state === 'started') return run(idempotency, key, claim.token, fn)
    if (claim.state === 'inFlight' && performance.now() < until) await sleep(POLL_MS)
    else return settled(claim)
  }
}

function settled(claim: Exclude<Claim, { state: 'started' }>): JsonObject {
  if (claim.state === 'replay') return claim.result
  throw locate(refusal(claim), '', 'idempotency', 'runOnce')
}

function refusal(claim: Exclude<Claim, { state: 'started' | 'replay' }>): Error {
  if (claim.state === 'inFlight') return new InFlightError(claim.until)
  if (claim.state === 'ambiguous') return new AmbiguousError(claim.since, claim.token)
  return new ConflictError(
    'This key is in use for another request (the request hashes differ). Use a key of its own.',
  )
}

async function run(
  idempotency: IdempotencyStorage,
  key: string,
  token: string,
  fn: () => JsonObject | Promise<JsonObject>,
): Promise<JsonObject> {
  let result: JsonObject
  try {
    result = await fn()
  } catch (error) {
    // what fn threw matters more to the caller than a failure to give the claim back, which ends by its lease
    await idempotency.abandon(key, token).catch(() => false)
    throw error
  }
  // what the caller gets is what replays get: the result as it was encoded
  if (await idempotency.complete(key, token, result))
    return loadsJson(dumpsJsonDict(result), { lossless: true }) as JsonObject
  const stored = await idempotency.get(key)
  if (stored !== null) return stored
  throw locate(
    new ConflictError(
      'The effect ran, but its claim was abandoned by somebody else meanwhile, so its result is not stored.',
    ),
    '',
    'idempotency',
    'runOnce',
  )
}
