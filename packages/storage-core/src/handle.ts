import { type RunnerFor, bindMethods, checkBatch, recordBatch, runRecorded } from './batch.ts'
import type { Protocol, StorageBundle, StorageHandle } from './bundle.ts'
import type { Capability } from './capabilities.ts'
import type { Call, Ids, Runner, Work } from './call.ts'
import type { HandleOptions, StorageDriver } from './driver.ts'
import {
  ClosedError,
  ConflictError,
  InternalError,
  InvalidArgumentError,
  UnsupportedError,
  isStorageError,
  locate,
} from './errors.ts'
import { PROTOCOLS, WITH_INIT_SCHEMA } from './methods.ts'
import { sizeOf } from './size.ts'
import { type TransferContext, exportAll, importAll } from './transfer.ts'
import { integer } from './validate.ts'

const CLOSE_GRACE_MS = 5_000
const MAX_TIMEOUT_MS = 2 ** 31 - 1
const MAX_VALUE_BYTES = 15 * 1024 * 1024

/** How a recorded or running method hands over its write. */
type Submit = (call: Call, waitMs: number | null) => Promise<unknown>

/** Makes a storage handle of an adapter's driver: the one place where public calls become operations. */
export function createStorage(adapter: StorageDriver, options: HandleOptions = {}): StorageHandle {
  const driver = mapped(adapter)
  const timeoutMs = integer('operationTimeoutMs', options.operationTimeoutMs ?? 5_000, 1, MAX_TIMEOUT_MS)
  const maxValueBytes = integer('maxValueBytes', options.maxValueBytes ?? 8 * 1024 * 1024, 1, MAX_VALUE_BYTES)
  const create = options.init ?? true
  if (typeof create !== 'boolean') throw new InvalidArgumentError('init', 'must be true or false')

  let ready: Promise<void> | undefined
  let open = false
  let closing: Promise<void> | undefined
  let importing = false

  const init = (): Promise<void> => {
    if (closing !== undefined) return Promise.reject(new ClosedError())
    ready ??= driver.init(create).then(
      () => void (open = true),
      (error: unknown) => {
        ready = undefined // the next call tries again
        throw error
      },
    )
    return ready
  }

  /** Runs `act` once the schema is there; at once where it is, so that calls keep their order. */
  const whenOpen = <T>(act: () => Promise<T>): Promise<T> => {
    if (closing !== undefined) return Promise.reject(new ClosedError())
    return open ? act() : init().then(act)
  }

  const needs = (capability: Capability): void => {
    if (!driver.capabilities.has(capability))
      throw new UnsupportedError(
        capability,
        `${driver.backend} does not have it; use a backend that claims it, alone or by mixStorage().`,
      )
  }

  const write = (work: Work): Promise<readonly unknown[]> =>
    importing
      ? Promise.reject(
          new ConflictError(
            'An import into this store is not finished. Run it again to its end, then write.',
          ),
        )
      : whenOpen(() => driver.write(work))

  const newCall = (
    protocol: Protocol,
    method: string,
    operation: string,
    ids: Ids,
    args: readonly unknown[],
    waitMs = 0,
  ): Call => {
    return { protocol, method, operation, ids, args, deadline: performance.now() + timeoutMs + waitMs }
  }

  const runnerFor = (submit: Submit): RunnerFor => {
    return (protocol, method) => {
      const runner = {
        maxValueBytes,
        needs,
        read: (operation: string, ids: Ids, ...args: unknown[]) => {
          const call = newCall(protocol, method, operation, ids, args)
          return located(driver.backend, protocol, method, () => whenOpen(() => driver.read(call)))
        },
        write: (operation: string, ids: Ids, ...args: unknown[]) =>
          submit(newCall(protocol, method, operation, ids, args), null),
        writeWithin: (waitMs: number, operation: string, ids: Ids, ...args: unknown[]) =>
          submit(newCall(protocol, method, operation, ids, args, waitMs), waitMs),
      }
      return runner as unknown as Runner<never>
    }
  }

  const run = runnerFor((call, waitMs) => write(toWork([call], false, waitMs)).then(([answer]) => answer))

  const store = (protocol: Protocol): unknown => {
    const methods = Object.entries(bindMethods(protocol, run)).map(([method, act]) => {
      // `events` answers with an iterable, whose reads say themselves where they failed
      return [method, method === 'events' ? act : guarded(driver.backend, protocol, method, act)] as const
    })
    const initSchema = guarded(driver.backend, protocol, 'initSchema', init)
    return Object.fromEntries(
      WITH_INIT_SCHEMA.has(protocol) ? [...methods, ['initSchema', initSchema]] : methods,
    )
  }

  const atomically: StorageHandle['atomically'] = (record) => {
    needs('atomically')
    const calls: Call[] = []
    const answers: ((answer: unknown) => void)[] = []
    let waitMs: number | null = null
    const recorder = runnerFor((call, wait) => {
      calls.push(call)
      waitMs = wait ?? waitMs
      return new Promise((resolve) => answers.push(resolve))
    })
    const results: Promise<unknown>[] = []
    recordBatch(record, (recorded) => {
      try {
        const result = runRecorded(recorded, recorder)
        result.catch(() => {}) // it is awaited later; until then its rejection counts as handled
        results.push(result)
      } catch (error) {
        throw locate(error, driver.backend, recorded.protocol, recorded.method)
      }
    })
    checkBatch(calls)
    if (calls.length === 0) return Promise.all(results)
    return write(toWork(calls, true, waitMs)).then((all) => {
      for (const [index, answer] of all.entries()) answers[index]?.(answer)
      return Promise.all(results)
    })
  }

  const close = (): Promise<void> => {
    closing ??= located(driver.backend, '', 'close', async () => {
      await ready?.catch(() => {})
      await driver.close(CLOSE_GRACE_MS)
    })
    return closing
  }

  const health: StorageHandle['health'] = async () => {
    try {
      await init()
      return { ok: true, backend: driver.backend, details: await driver.health() }
    } catch (error) {
      if (closing !== undefined || !isStorageError(error)) throw error
      return { ok: false, backend: driver.backend, details: { code: error.code, message: error.message } }
    }
  }

  const transfer: TransferContext = {
    driver,
    maxValueBytes,
    call: (protocol, method, operation, args) => newCall(protocol, method, operation, null, args),
    read: (call) =>
      located(driver.backend, call.protocol, call.method, () => whenOpen(() => driver.read(call))),
  }

  const importRecords: StorageHandle['importRecords'] = async (records, given) => {
    if (closing !== undefined) throw new ClosedError()
    importing = true
    const summary = await importAll(transfer, records, given)
    importing = false
    await init()
    return summary
  }

  return {
    ...(Object.fromEntries(
      PROTOCOLS.map((protocol) => [protocol, store(protocol)]),
    ) as unknown as StorageBundle),
    backend: driver.backend,
    capabilities: driver.capabilities,
    init: guarded(driver.backend, '', 'init', init),
    close,
    [Symbol.asyncDispose]: close,
    health: guarded(driver.backend, '', 'health', health),
    atomically: guarded(driver.backend, '', 'atomically', atomically),
    exportRecords: () => exportAll(transfer),
    importRecords: guarded(driver.backend, '', 'importRecords', importRecords),
  }
}

/** The driver, with everything that it did not map itself as an `InternalError`. */
function mapped(driver: StorageDriver): StorageDriver {
  const map = <A extends unknown[], T>(act: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      try {
        return await act(...args)
      } catch (cause) {
        if (isStorageError(cause)) throw cause
        throw new InternalError('An unexpected error came from the store; please report it.', {
          cause,
          outcome: 'unknown',
        })
      }
    }
  }
  return {
    ...driver,
    init: map((create) => driver.init(create)),
    read: map((call) => driver.read(call)),
    write: map((work) => driver.write(work)),
    health: map(() => driver.health()),
    close: map((graceMs) => driver.close(graceMs)),
  }
}

/** Runs `act`; whatever fails says which call it was. */
async function located<T>(
  backend: string,
  protocol: string,
  method: string,
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act()
  } catch (error) {
    throw locate(error, backend, protocol, method)
  }
}

/** `act` as a public method: what it throws at once is a rejection too. */
function guarded<A extends unknown[], T>(
  backend: string,
  protocol: string,
  method: string,
  act: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  return (...args) => located(backend, protocol, method, () => act(...args))
}

function toWork(calls: readonly Call[], atomic: boolean, waitMs: number | null): Work {
  const deadline = Math.max(...calls.map((call) => call.deadline))
  const accessDeadline = waitMs === null ? null : performance.now() + waitMs
  return { calls, atomic, bytes: sizeOf(calls.map((call) => call.args)), deadline, accessDeadline }
}
