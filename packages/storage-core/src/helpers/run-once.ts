import { setTimeout as sleep } from 'node:timers/promises'
import { AmbiguousError, ConflictError, InFlightError, isStorageError, locate } from '../errors/index.ts'
import type { Claim, IdempotencyStorage, JsonObject } from '../protocols/idempotency.ts'
import { loadsJson } from '../json/decode.ts'
import { dumpsJsonDict } from '../json/encode.ts'
import { options } from '../rules/options.ts'
import { formatMicros, hostMicros } from '../rules/time.ts'
import { callable, seconds } from '../rules/validate.ts'

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
 * @throws AmbiguousError, with the token that ends it, if an earlier run died half-way; or with the outcome `unknown` if
 * the effect ran now and its result could not be stored, because the handle was closed meanwhile, say.
 * @throws ConflictError if the key is in use for another request; or with the outcome `unknown` if the effect ran, and
 * its claim was ended meanwhile by somebody else.
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
  throw inRunOnce(refusal(claim))
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
  const since = formatMicros(hostMicros())
  let result: JsonObject
  try {
    result = await fn()
  } catch (error) {
    // what fn threw matters more to the caller than a failure to give the claim back, which ends by its lease
    await idempotency.abandon(key, token).catch(() => false)
    throw error
  }
  let stored: JsonObject | null
  try {
    // what the caller gets is what replays get: the result as it was encoded
    stored = (await completed(idempotency, key, token, result))
      ? (loadsJson(dumpsJsonDict(result), { lossless: true }) as JsonObject)
      : await idempotency.get(key)
  } catch (cause) {
    throw inRunOnce(new AmbiguousError(since, token, { cause, causeText: textOf(cause), outcome: 'unknown' }))
  }
  if (stored !== null) return stored
  throw inRunOnce(
    new ConflictError(
      'The effect ran, but its claim was abandoned by somebody else meanwhile, so its result is not stored.',
      { outcome: 'unknown' },
    ),
  )
}

const MOST_TRIES = 3

/** A claim is completed once at most: where it is not known whether it was, it may be asked for again. */
async function completed(
  idempotency: IdempotencyStorage,
  key: string,
  token: string,
  result: JsonObject,
): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await idempotency.complete(key, token, result)
    } catch (error) {
      const mayPass = isStorageError(error) && (error.retryable || error.outcome === 'unknown')
      if (!mayPass || tries >= MOST_TRIES) throw error
    }
  }
}

/** Our own messages quote nothing. */
function textOf(cause: unknown): string {
  return isStorageError(cause) ? cause.message : ''
}

function inRunOnce<E>(error: E): E {
  return locate(error, '', 'idempotency', 'runOnce')
}
