import type { Work } from './call.ts'
import type { Draft, TraceSource, WaitMessage } from './messages.ts'
import { end, waits } from './tracing.ts'

/** A wait that somebody listens to. */
export interface OpenWait {
  readonly message: Draft<WaitMessage>
  /** Since when, on the clock of `performance.now()`. */
  readonly since: number
}

/** `work` has to wait from now on; undefined: nobody listens. */
export function beginWait(
  { backend, namespace }: TraceSource,
  { calls: [first] }: Work,
  phase: WaitMessage['phase'],
  since: number,
): OpenWait | undefined {
  if (!waits.hasSubscribers || first === undefined) return undefined
  const { protocol, method, trace: call = null } = first
  const message = { backend, namespace: namespace ?? null, protocol, method, phase, call, elapsedMs: null }
  waits.start.publish(message)
  waits.end.publish(message)
  return { message, since }
}

export function endWait({ message, since }: OpenWait, now: number): void {
  end(waits, message, now - since)
}
