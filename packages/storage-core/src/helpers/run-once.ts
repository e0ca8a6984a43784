import { setTimeout as sleep } from 'node:timers/promises'
import { isStorageError } from '../errors/index.ts'
import type { Claim, ClaimOptions, JsonObject } from '../protocols/claims.ts'
import type { IdempotencyStorage } from '../protocols/idempotency.ts'
import { asEffect } from '../handle/effects.ts'
import { loadsJson } from '../json/decode.ts'
import { dumpsJsonDict } from '../json/encode.ts'
import { isPyFloat } from '../json/number.ts'
import { options } from '../rules/options.ts'
import type { EffectSignal } from '../rules/signal.ts'
import { formatMicros, hostMicros } from '../rules/time.ts'
import { callable, seconds } from '../rules/validate.ts'
import { ClaimKeeper, type OwnClaim } from './claim-keeper.ts'
import { endedByOthers, notRun, notStored } from './run-once-errors.ts'

export interface RunOnceOptions {
  /**
   * After how long without a sign of life the claim counts as ambiguous. While `fn` runs the claim is renewed at every third
   * of it, so that it may be much shorter than the effect takes.
   */
  readonly leaseSec: number
  readonly requestHash?: string
  /** Which flow the effect is for, and which step of it; `listClaims` tells. */
  readonly dfid?: string
  readonly stepId?: string
  /** How long to wait for another caller who is running the effect; default 5. */
  readonly waitSec?: number
}

/** What `fn` may return: an object for JSON, of an interface of one's own too; no list, function or promise of something else. */
export type EffectResult = object & {
  readonly [Symbol.iterator]?: never
  readonly [Symbol.hasInstance]?: never
  readonly then?: never
}

const POLL_MS = 25

/**
 * Runs an effect once, whatever races: in one process `fn` runs, all others get its result. When `fn` throws, the
 * claim is abandoned and the error rethrown, so that a later call runs it again; `fn` must therefore throw only
 * if its effect did not happen. Where nobody knows that, after a lost answer for example, it throws an error whose `outcome`
 * is `'unknown'`, as errors of this package have it: that is rethrown, and the claim is left, to count as ambiguous once its
 * lease is over. The result is stored by `complete`; one that comes after the lease still counts. What everybody gets is
 * the result as JSON has it: where `T` has a `Date`, that is a text.
 *
 * The claim is renewed while `fn` runs; what fails is tried again until the lease is over. `signal` fires when the claim is
 * lost: somebody else has ended it (`reason` is a `ConflictError`), or it ran out because no renewal succeeded (an
 * `AmbiguousError` with the token). Others may then have the effect run again, so `fn` had better stop. What it throws
 * after that is rethrown, and the claim is left as it is, because nobody knows what a thing did that was stopped half-way.
 *
 * `close()` of a storage handle waits for `fn`, and answers what is called in its course; see there.
 *
 * @throws InFlightError if another caller still runs it after `waitSec`.
 * @throws AmbiguousError, with the token that ends it, if an earlier run died half-way; or with the outcome `unknown` if
 * the effect ran now and its result could not be stored, because the handle was closed meanwhile, say.
 * @throws ConflictError if the key is in use for another request; or with the outcome `unknown` if the effect ran, and
 * its claim was ended meanwhile by somebody else.
 */
export async function runOnce<T extends EffectResult>(
  idempotency: IdempotencyStorage,
  key: string,
  given: RunOnceOptions,
  fn: (signal: EffectSignal) => T | Promise<T>,
): Promise<T> {
  const { waitSec = 5, ...claimOptions } = options(given, [
    'leaseSec',
    'requestHash',
    'dfid',
    'stepId',
    'waitSec',
  ]) as RunOnceOptions
  callable('fn', fn)
  const until = performance.now() + seconds('waitSec', waitSec) * 1000
  for (;;) {
    const claim = await asEffect(() => runOnceIfFree(idempotency, key, claimOptions, fn as Effect))
    if (claim.state === 'replay') return claim.result as T
    if (claim.state !== 'inFlight' || performance.now() >= until) throw notRun(claim)
    await sleep(POLL_MS)
  }
}

/** What a claim came to; that which is had already without the text as which it is stored. */
type Ran =
  | Exclude<Claim, { state: 'started' | 'replay' }>
  | { readonly state: 'replay'; readonly result: JsonObject }

type Effect = (signal: AbortSignal) => JsonObject | Promise<JsonObject>

async function runOnceIfFree(
  idempotency: IdempotencyStorage,
  key: string,
  options: ClaimOptions,
  fn: Effect,
): Promise<Ran> {
  const asked = performance.now()
  const claim = await idempotency.claim(key, options)
  if (claim.state !== 'started') return claim
  const since = formatMicros(hostMicros())
  const own = { idempotency, key, token: claim.token, leaseSec: options.leaseSec, since, asked }
  return { state: 'replay', result: await run(own, fn) }
}

async function run(claim: OwnClaim, fn: Effect): Promise<JsonObject> {
  const { idempotency, key, token, since } = claim
  const keeper = new ClaimKeeper(claim)
  let result: JsonObject
  try {
    result = await kept(keeper, fn)
  } catch (error) {
    // what fn threw matters more to the caller than a failure to give the claim back, which ends by its lease
    const isLeft = keeper.signal.aborted || saysUnknown(error)
    const isOver = isLeft || (await failed(idempotency.abandon(key, token)))
    // but that the handle was closed under fn tells nothing of what it did until then
    throw isOver && isStorageError(error, 'STORAGE_CLOSED') ? notStored(since, token, error) : error
  }
  let stored: JsonObject | null
  try {
    const read = (await completed(claim, result)) ? encoded(result) : null
    stored = read ?? (await idempotency.get(key))
  } catch (cause) {
    throw notStored(since, token, cause)
  }
  if (stored === null) throw endedByOthers('ran')
  return stored
}

/** The result as replays get it, which is as it was encoded; null: only the store knows how it gives a float such as 67.0. */
function encoded(result: JsonObject): JsonObject | null {
  const read = loadsJson(dumpsJsonDict(result), { lossless: true }) as JsonObject
  return holdsPyFloat(read) ? null : read
}

function holdsPyFloat(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return isPyFloat(value) || Object.values(value).some(holdsPyFloat)
}

async function kept(keeper: ClaimKeeper, fn: Effect): Promise<JsonObject> {
  try {
    return await fn(keeper.signal)
  } finally {
    keeper.stop()
  }
}

function saysUnknown(error: unknown): boolean {
  try {
    return (error as { readonly outcome?: unknown } | null | undefined)?.outcome === 'unknown'
  } catch {
    return false // a getter of the error's own failed
  }
}

function failed(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => false,
    () => true,
  )
}

const MOST_TRIES = 3

/** A claim is completed once at most: where it is not known whether it was, it may be asked for again. */
async function completed({ idempotency, key, token }: OwnClaim, result: JsonObject): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await idempotency.complete(key, token, result)
    } catch (error) {
      const mayPass = isStorageError(error) && (error.retryable || error.outcome === 'unknown')
      if (!mayPass || tries >= MOST_TRIES) throw error
    }
  }
}
