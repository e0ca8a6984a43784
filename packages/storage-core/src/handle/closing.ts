import { traceOf } from './call-tracing.ts'
import type { EffectsUnderWay } from './effects.ts'
import { locateErrors } from './locate-errors.ts'
import type { Place } from './place.ts'
import type { CloseOptions, StorageHandle } from './storage-handle.ts'
import { options } from '../rules/options.ts'
import { count } from '../rules/validate.ts'

type Close = StorageHandle['close']

function drainMsOf(given: CloseOptions | undefined): number {
  const { drainMs = 5_000 } = options(given, ['drainMs'])
  return count('drainMs', drainMs)
}

/** A `close()` that is carried out once; with malformed options it closes nothing. */
export function closeOnce(place: Place, act: (drainMs: number) => Promise<void>): Close {
  let first: Promise<void> | undefined
  return function close(given) {
    let drainMs: number
    try {
      drainMs = drainMsOf(given)
    } catch (error) {
      return locateErrors(place, () => Promise.reject(error), close, traceOf(place))
    }
    return (first ??= locateErrors(place, () => act(drainMs), close, traceOf(place)))
  }
}

/** By the `close` of a handle, which stays the same where somebody adds to the handle. */
const effectsOf = new WeakMap<Close, EffectsUnderWay>()

export function rememberEffects(close: Close, effects: EffectsUnderWay): void {
  effectsOf.set(close, effects)
}

/** Each of these handles waits for the effects of all when it closes: an effect of one may yet call the others. */
export function shareEffects(handles: readonly { readonly close: Close }[]): void {
  const all = handles.flatMap(({ close }) => effectsOf.get(close) ?? [])
  for (const one of all) for (const other of all) one.join(other)
}
