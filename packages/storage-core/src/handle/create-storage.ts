import { bindMethods } from './bound-methods.ts'
import { traceOf, tracedItems } from './call-tracing.ts'
import { closeOnce, rememberEffects } from './closing.ts'
import { Dispatcher } from './dispatcher.ts'
import type { StorageDriver } from '../adapter/driver.ts'
import { Following } from './following.ts'
import { type HandleOptions, numbersOf, timeoutMsOf, traceIdsOf } from './handle-options.ts'
import { InvalidArgumentError, isStorageError, locate } from '../errors/index.ts'
import { Joins } from './joined.ts'
import { leadToCaller } from './caller-stack.ts'
import { HandleState } from './handle-state.ts'
import { locateErrors, locateErrorsOfItems, withKnownErrors } from './locate-errors.ts'
import { DEFINITIONS, PROTOCOLS, type Protocol, type StorageBundle } from '../protocols/index.ts'
import type { JoinedStorage, StorageHandle } from './storage-handle.ts'
import type { Place } from './place.ts'
import { type TransferContext, exportAll, importAll } from './transfer.ts'
import { prune } from './prune.ts'
import { type PruneTarget, rememberTarget } from './prune-target.ts'
import type { PruneOptions } from './prune-options.ts'
import { integer } from '../rules/validate.ts'

const MAX_VALUE_BYTES = 15 * 1024 * 1024

type Act<A extends unknown[], T> = (...args: A) => Promise<T>

/** Makes a storage handle of an adapter's driver: the one place where public calls become operations. */
export function createStorage(adapter: StorageDriver, options: HandleOptions = {}): StorageHandle {
  const { maxValueBytes = 8 * 1024 * 1024, init: create = true } = options
  const settings = {
    timeoutMs: timeoutMsOf(options),
    maxValueBytes: integer('maxValueBytes', maxValueBytes, 1, MAX_VALUE_BYTES),
    numbers: numbersOf(options),
  }
  const traceIds = traceIdsOf(options)
  if (typeof create !== 'boolean') throw new InvalidArgumentError('init', 'must be true or false')

  const driver = withKnownErrors(adapter)
  const { backend, namespace, capabilities } = driver
  const placeOf = (protocol: string, name: string): Place => ({
    backend,
    namespace,
    protocol,
    method: name,
    traceIds,
  })
  const joins = new Joins(driver)
  const state = new HandleState({ ...driver, close: closeAfter(joins, driver) }, create)
  const following = new Following(driver, state.closed)
  const dispatcher = new Dispatcher(driver, state, settings, following.join)

  /** `act` as a public method: what it throws at once is a rejection too, and says where it happened. */
  const method = <A extends unknown[], T>(protocol: string, name: string, act: Act<A, T>): Act<A, T> => {
    const place = placeOf(protocol, name)
    return function call(...args) {
      return locateErrors(place, () => act(...args), call, traceOf(place))
    }
  }

  /** The same for what answers with an iterable. */
  const listing = <A extends unknown[], T>(
    protocol: string,
    name: string,
    act: (...args: A) => AsyncIterable<T>,
  ): ((...args: A) => AsyncIterable<T>) => {
    const place = placeOf(protocol, name)
    return (...args) =>
      tracedItems(
        place,
        locateErrorsOfItems(place, () => act(...args)),
      )
  }

  const init = (): Promise<void> => state.whenOpen(async () => {})

  const store = (protocol: Protocol, { alone }: Dispatcher): unknown => {
    const { iterables = [], hasInitSchema } = DEFINITIONS[protocol]
    const methods: Record<string, unknown> = {}
    for (const [name, act] of Object.entries(bindMethods(protocol, alone))) {
      methods[name] = iterables.includes(name)
        ? listing(protocol, name, act as (...args: unknown[]) => AsyncIterable<unknown>)
        : method(protocol, name, act as Act<unknown[], unknown>)
    }
    if (hasInitSchema) methods['initSchema'] = method(protocol, 'initSchema', init)
    return methods
  }

  const bundle = (by: Dispatcher): JoinedStorage => {
    const stores: object = Object.fromEntries(PROTOCOLS.map((protocol) => [protocol, store(protocol, by)]))
    return {
      ...(stores as StorageBundle),
      backend,
      capabilities,
      atomically: method('', 'atomically', by.atomically) as JoinedStorage['atomically'],
    }
  }

  const within: StorageHandle['within'] = (client) => {
    try {
      dispatcher.needs('join')
      return bundle(new Dispatcher(joins.on(client), state, settings, noFollowing))
    } catch (error) {
      leadToCaller(error, within)
      throw locate(error, backend, '', 'within')
    }
  }

  const close = closeOnce(placeOf('', 'close'), (drainMs) => state.close(drainMs))
  rememberEffects(close, state.effects)

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
    maxValueBytes: settings.maxValueBytes,
    create,
    closed: state.closed,
    call: (protocol, name, operation, args) => dispatcher.newCall(protocol, name, operation, [], args, true),
    read: function read(call) {
      return locateErrors(placeOf(call.protocol, call.method), () => dispatcher.read(call), read)
    },
    whenOpen: (act) => state.whenOpen(act),
  }

  const target: PruneTarget = {
    call: (protocol, operation, ids, args) =>
      dispatcher.newCall(protocol, 'prune', operation, ids, args, ids.length === 0),
    read: (call) => dispatcher.read(call),
    write: (call) => dispatcher.write(call),
    writeTogether: (calls) => dispatcher.writeTogether(calls),
  }
  const pruneHandle = method('', 'prune', async (options: PruneOptions) => {
    dispatcher.needs('prune')
    return prune({ target, protocols: PROTOCOLS }, [], options)
  })
  rememberTarget(pruneHandle, target)

  const importRecords: StorageHandle['importRecords'] = (records, given) =>
    state.fill((marked) => importAll(transfer, records, given, marked))

  return {
    ...bundle(dispatcher),
    within,
    init: method('', 'init', init),
    close,
    [Symbol.asyncDispose]: close,
    health: method('', 'health', health),
    exportRecords: listing('', 'exportRecords', () => exportAll(transfer)),
    importRecords: method('', 'importRecords', importRecords),
    prune: pruneHandle,
  }
}

function noFollowing(): never {
  throw new InvalidArgumentError('follow', 'goes on beyond your transaction: follow on the handle itself')
}

/** What is under way in a transaction of the application is no matter of the driver's queue. */
function closeAfter(joins: Joins, driver: StorageDriver): StorageDriver['close'] {
  return async (graceMs) => {
    const deadline = performance.now() + graceMs
    await joins.settled(deadline)
    await driver.close(Math.max(0, deadline - performance.now()))
  }
}
