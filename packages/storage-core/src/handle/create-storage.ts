import { bindMethods } from './bound-methods.ts'
import { Dispatcher } from './dispatcher.ts'
import type { StorageDriver } from '../adapter/driver.ts'
import { type HandleOptions, timeoutMsOf } from './handle-options.ts'
import { InvalidArgumentError, isStorageError } from '../errors/index.ts'
import { HandleState } from './handle-state.ts'
import { locateErrors, locateErrorsOfItems, withKnownErrors } from './locate-errors.ts'
import { DEFINITIONS, PROTOCOLS, type Protocol, type StorageBundle } from '../protocols/index.ts'
import type { StorageHandle } from './storage-handle.ts'
import { type TransferContext, exportAll, importAll } from './transfer.ts'
import { integer } from '../rules/validate.ts'

const MAX_VALUE_BYTES = 15 * 1024 * 1024

type Act<A extends unknown[], T> = (...args: A) => Promise<T>

/** Makes a storage handle of an adapter's driver: the one place where public calls become operations. */
export function createStorage(adapter: StorageDriver, options: HandleOptions = {}): StorageHandle {
  const { maxValueBytes = 8 * 1024 * 1024, init: create = true } = options
  const limits = {
    timeoutMs: timeoutMsOf(options),
    maxValueBytes: integer('maxValueBytes', maxValueBytes, 1, MAX_VALUE_BYTES),
  }
  if (typeof create !== 'boolean') throw new InvalidArgumentError('init', 'must be true or false')

  const driver = withKnownErrors(adapter)
  const { backend, capabilities } = driver
  const state = new HandleState(driver, create)
  const dispatcher = new Dispatcher(driver, state, limits)

  /** `act` as a public method: what it throws at once is a rejection too, and says where it happened. */
  const method = <A extends unknown[], T>(protocol: string, name: string, act: Act<A, T>): Act<A, T> => {
    const place = { backend, protocol, method: name }
    return function call(...args) {
      return locateErrors(place, () => act(...args), call)
    }
  }

  const init = (): Promise<void> => state.whenOpen(async () => {})

  const store = (protocol: Protocol): unknown => {
    const { iterables = [], hasInitSchema } = DEFINITIONS[protocol]
    const methods: Record<string, unknown> = {}
    for (const [name, act] of Object.entries(bindMethods(protocol, dispatcher.alone))) {
      methods[name] = iterables.includes(name)
        ? (...args: unknown[]) =>
            locateErrorsOfItems(
              { backend, protocol, method: name },
              () => act(...args) as AsyncIterable<unknown>,
            )
        : method(protocol, name, act as Act<unknown[], unknown>)
    }
    if (hasInitSchema) methods['initSchema'] = method(protocol, 'initSchema', init)
    return methods
  }

  const close = method('', 'close', () => state.close())
  let closed: Promise<void> | undefined
  const closeOnce = (): Promise<void> => (closed ??= close())

  const health: StorageHandle['health'] = async () => {
    try {
      return { ok: true, backend, details: await state.whenOpen(() => driver.health()) }
    } catch (error) {
      if (state.isClosing || !isStorageError(error)) throw error
      return { ok: false, backend, details: { code: error.code, message: error.message } }
    }
  }

  const transfer: TransferContext = {
    driver,
    maxValueBytes: limits.maxValueBytes,
    create,
    closed: state.closed,
    call: (protocol, name, operation, args) => dispatcher.newCall(protocol, name, operation, [], args, true),
    read: function read(call) {
      const place = { backend, protocol: call.protocol, method: call.method }
      return locateErrors(place, () => dispatcher.read(call), read)
    },
    whenOpen: (act) => state.whenOpen(act),
  }

  const importRecords: StorageHandle['importRecords'] = (records, given) =>
    state.fill((begun) => importAll(transfer, records, given, begun))

  const stores: object = Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, store(protocol)]))
  return {
    ...(stores as StorageBundle),
    backend,
    capabilities,
    init: method('', 'init', init),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
    health: method('', 'health', health),
    atomically: method('', 'atomically', dispatcher.atomically),
    exportRecords: () =>
      locateErrorsOfItems({ backend, protocol: '', method: 'exportRecords' }, () => exportAll(transfer)),
    importRecords: method('', 'importRecords', importRecords),
  }
}
