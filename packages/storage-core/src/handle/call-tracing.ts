import type { Place } from './place.ts'
import type { CallMessage, Draft } from '../adapter/messages.ts'
import { begin, calls, end, fail } from '../adapter/tracing.ts'

/** A call that somebody listens to. */
export type CallTrace = Draft<CallMessage> & { readonly ids: string[] | null }

let current: CallTrace | undefined

/** The call that is being made at this moment: public methods ask the driver before they await anything. */
export const currentCall = (): CallTrace | undefined => current

/** A call that is about to be made; undefined: nobody listens. */
export function traceOf(place: Place): CallTrace | undefined {
  return calls.hasSubscribers ? newTrace(place, null) : undefined
}

function newTrace(
  { backend, namespace, protocol, method, traceIds }: Place,
  records: number | null,
): CallTrace {
  const ids = traceIds === true ? [] : null
  return {
    backend,
    namespace: namespace ?? null,
    protocol,
    method,
    operations: null,
    attempts: null,
    records,
    ids,
    elapsedMs: null, // a spread of what all messages have would cost more than all the rest
    code: null,
    outcome: null,
  }
}

/** Makes the call. */
export function beginCall<T>(trace: CallTrace, act: () => T): T {
  const outer = current // the callback of a batch may make calls itself
  current = trace
  try {
    return begin(calls, trace, act)
  } finally {
    current = outer
  }
}

/** It is answered. */
export function endCall(trace: CallTrace, elapsedMs: number): void {
  end(calls, trace, elapsedMs)
}

/** It failed. */
export function failCall(trace: CallTrace, elapsedMs: number, error: unknown): void {
  trace.attempts ??= attemptsOf(error)
  fail(calls, trace, elapsedMs, error)
}

/** Of errors that tell of them. */
function attemptsOf(error: unknown): number | null {
  const { attempts } = (typeof error === 'object' && error !== null ? error : {}) as { attempts?: unknown }
  return typeof attempts === 'number' ? attempts : null
}

/** What a method answers with that answers with an iterable, told to those who listen when it is called. */
export function tracedItems<T>(place: Place, items: AsyncGenerator<T>): AsyncGenerator<T> {
  return calls.hasSubscribers ? trace(newTrace(place, 0), items) : items
}

async function* trace<T>(call: CallTrace, items: AsyncGenerator<T>): AsyncGenerator<T> {
  const start = performance.now()
  let given = 0
  let hasFailed = false
  try {
    for (
      let item = await beginCall(call, () => items.next());
      item.done !== true;
      item = await items.next()
    ) {
      call.records = ++given
      yield item.value
    }
  } catch (error) {
    hasFailed = true
    failCall(call, performance.now() - start, error)
    throw error
  } finally {
    await items.return(undefined) // also where nobody asks any more
    if (!hasFailed) endCall(call, performance.now() - start)
  }
}
