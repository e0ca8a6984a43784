import { bindMethods } from './batch.ts'
import type { Protocol, StorageBundle, StorageHandle } from '../protocols/bundle.ts'
import { Dispatcher } from './dispatcher.ts'
import { type HandleOptions, type StorageDriver, timeoutMsOf } from '../adapter/driver.ts'
import { InvalidArgumentError, isStorageError } from '../errors/index.ts'
import { Gate } from './gate.ts'
import { located, locatedItems, mapped } from './located.ts'
import { PROTOCOLS, WITH_INIT_SCHEMA } from '../protocols/index.ts'
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

  const driver = mapped(adapter)
  const { backend, capabilities } = driver
  const gate = new Gate(driver, create)
  const dispatcher = new Dispatcher(driver, gate, limits)

  /** `act` as a public method: what it throws at once is a rejection too, and says where it happened. */
  const method = <A extends unknown[], T>(protocol: string, name: string, act: Act<A, T>): Act<A, T> => {
    return (...args) => located({ backend, protocol, method: name }, () => act(...args))
  }

  const init = (): Promise<void> => gate.pass(async () => {})

  const store = (protocol: Protocol): unknown => {
    const methods: Record<string, unknown> = {}
    for (const [name, act] of Object.entries(bindMethods(protocol, dispatcher.alone))) {
      if (name !== 'events') methods[name] = method(protocol, name, act)
      else {
        const events = act as unknown as (...args: unknown[]) => AsyncIterable<unknown>
        methods[name] = (...args: unknown[]) =>
          locatedItems({ backend, protocol, method: name }, () => events(...args))
      }
    }
    if (WITH_INIT_SCHEMA.has(protocol)) methods['initSchema'] = method(protocol, 'initSchema', init)
    return methods
  }

  const close = method('', 'close', () => gate.close())
  let closed: Promise<void> | undefined
  const closeOnce = (): Promise<void> => (closed ??= close())

  const health: StorageHandle['health'] = async () => {
    try {
      return { ok: true, backend, details: await gate.pass(() => driver.health()) }
    } catch (error) {
      if (gate.isClosing || !isStorageError(error)) throw error
      return { ok: false, backend, details: { code: error.code, message: error.message } }
    }
  }

  const transfer: TransferContext = {
    driver,
    maxValueBytes: limits.maxValueBytes,
    create,
    closed: gate.closed,
    call: (protocol, name, operation, args) => ({
      ...dispatcher.newCall(protocol, name, operation, [], args),
      whole: true,
    }),
    read: (call) => dispatcher.read(call),
    pass: (act) => gate.pass(act),
  }

  const importRecords: StorageHandle['importRecords'] = (records, given) =>
    gate.fill((begun) => importAll(transfer, records, given, begun))

  return {
    ...(Object.fromEntries(
      PROTOCOLS.map((protocol) => [protocol, store(protocol)]),
    ) as unknown as StorageBundle),
    backend,
    capabilities,
    init: method('', 'init', init),
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
    health: method('', 'health', health),
    atomically: method('', 'atomically', dispatcher.atomically),
    exportRecords: () =>
      locatedItems({ backend, protocol: '', method: 'exportRecords' }, () => exportAll(transfer)),
    importRecords: method('', 'importRecords', importRecords),
  }
}
