import type { JoinedTransaction, StorageDriver } from '../adapter/driver.ts'
import { type CallTrace, beginCall, endCall, failCall } from './call-tracing.ts'
import { leadToCaller } from './caller-stack.ts'
import { InternalError, type Outcome, addAttempts, isStorageError, locate } from '../errors/index.ts'
import type { Place } from './place.ts'

/**
 * Runs `act` for a public method; whatever fails, at once or later, rejects and says which call it was, and whose. `trace`:
 * it is told to those who listen.
 */
export async function locateErrors<T>(
  place: Place,
  act: () => Promise<T>,
  method: Function,
  trace?: CallTrace,
): Promise<T> {
  const start = performance.now()
  let running: Promise<T> | null = null
  try {
    running = trace === undefined ? act() : beginCall(trace, act)
    const answer = await running
    if (Array.isArray(answer)) for (const item of answer) locateError(item, place)
    if (trace !== undefined) endCall(trace, performance.now() - start)
    return answer
  } catch (error) {
    const elapsedMs = performance.now() - start
    addAttempts(error, { attempts: 0, elapsedMs, lastAttemptMs: elapsedMs })
    leadToCaller(error, running === null ? method : null)
    if (trace !== undefined) failCall(trace, elapsedMs, error)
    throw locate(error, place.backend, place.protocol, place.method)
  }
}

/** A list gives what it cannot read as an item with an error. */
function locateError(item: unknown, { backend, protocol, method }: Place): void {
  if (typeof item === 'object' && item !== null && 'error' in item)
    locate(item.error, backend, protocol, method)
}

/** `locateErrors`, for what answers with an iterable. */
export async function* locateErrorsOfItems<T>(place: Place, act: () => AsyncIterable<T>): AsyncGenerator<T> {
  try {
    for await (const item of act()) {
      locateError(item, place)
      yield item
    }
  } catch (error) {
    throw locate(error, place.backend, place.protocol, place.method)
  }
}

/** The driver, with everything that it did not map itself as an `InternalError`. */
export function withKnownErrors(driver: StorageDriver): StorageDriver {
  const map = <A extends unknown[], T>(act: (...args: A) => Promise<T>, outcome: Outcome) => {
    return async (...args: A): Promise<T> => {
      try {
        return await act(...args)
      } catch (cause) {
        if (isStorageError(cause)) throw cause
        throw new InternalError('An unexpected error came from the store; please report it.', {
          cause,
          outcome,
        })
      }
    }
  }
  const { transfer } = driver
  const join = (client: object): JoinedTransaction | undefined => {
    const joined = driver.join?.(client)
    return joined && { read: map(joined.read, 'not-applied'), write: map(joined.write, 'unknown') }
  }
  return {
    ...driver,
    join,
    ...(driver.watch && { watch: driver.watch.bind(driver) }),
    ...(transfer && {
      transfer: {
        counters: map(() => transfer.counters(), 'not-applied'),
        begin: map((ticket, create) => transfer.begin(ticket, create), 'unknown'),
        ...(transfer.clear && { clear: map(transfer.clear.bind(transfer), 'unknown') }),
        finish: map((ticket, counters) => transfer.finish(ticket, counters), 'unknown'),
      },
    }),
    init: map((create) => driver.init(create), 'unknown'),
    read: map((call) => driver.read(call), 'not-applied'),
    write: map((work) => driver.write(work), 'unknown'),
    health: map(() => driver.health(), 'not-applied'),
    close: map((graceMs) => driver.close(graceMs), 'unknown'),
  }
}
