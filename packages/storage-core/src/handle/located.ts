import type { StorageDriver } from '../adapter/driver.ts'
import { InternalError, type Outcome, isStorageError, locate } from '../errors.ts'

/** Where a call stands: what its errors say of themselves. */
export interface Place {
  readonly backend: string
  readonly protocol: string
  readonly method: string
}

/** Runs `act`; whatever fails, at once or later, rejects and says which call it was. */
export async function located<T>(place: Place, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw locate(error, place.backend, place.protocol, place.method)
  }
}

/** `located`, for what answers with an iterable. */
export async function* locatedItems<T>(place: Place, act: () => AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* act()
  } catch (error) {
    throw locate(error, place.backend, place.protocol, place.method)
  }
}

/** The driver, with everything that it did not map itself as an `InternalError`. */
export function mapped(driver: StorageDriver): StorageDriver {
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
  return {
    ...driver,
    init: map((create) => driver.init(create), 'unknown'),
    read: map((call) => driver.read(call), 'not-applied'),
    write: map((work) => driver.write(work), 'unknown'),
    health: map(() => driver.health(), 'not-applied'),
    close: map((graceMs) => driver.close(graceMs), 'unknown'),
  }
}
