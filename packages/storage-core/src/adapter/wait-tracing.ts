import type { Work } from './call.ts'
import { type Draft, NOT_OVER, type TraceSource, type WaitMessage, begin, end, waits } from './tracing.ts'

/** A wait that somebody listens to. */
export interface OpenWait {
  readonly message: Draft<WaitMessage>
  readonly start: number
}

/** `work` has to wait from now on; undefined: nobody listens. */
export function beginWait(
  { backend, namespace }: TraceSource,
  { calls: [first] }: Work,
  phase: WaitMessage['phase'],
): OpenWait | undefined {
  if (!waits.hasSubscribers || first === undefined) return undefined
  const { protocol, method, trace: call = null } = first
  const message = { backend, namespace: namespace ?? null, protocol, method, phase, call, ...NOT_OVER }
  begin(waits, message, () => {})
  return { message, start: performance.now() }
}

export function endWait({ message, start }: OpenWait): void {
  end(waits, message, start)
}
