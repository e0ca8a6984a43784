import { isNativeError } from 'node:util/types'
import { afterEach, expect, test, vi } from 'vitest'
import {
  InvalidArgumentError,
  type StorageRecord,
  StoredDataError,
  UnavailableError,
  isStorageError,
  mixStorage,
} from '../src/index.ts'
import { ATOMIC_CAPABILITIES, type StorageDriver, createStorage } from '../src/adapter.ts'

// What a handle makes of a driver that fails at a moment which no real store can be brought to.

const session: StorageRecord = {
  type: 'session',
  id: 'a',
  dataJson: '1',
  updatedAt: '2026-03-01T10:00:00.000000Z',
}

function driver(changes: Partial<StorageDriver>): StorageDriver {
  return {
    backend: 'stub',
    capabilities: new Set([...ATOMIC_CAPABILITIES, 'export']),
    init: async () => {},
    read: async () => null,
    write: async ({ calls }) => calls.map(() => null),
    health: async () => ({}),
    close: async () => {},
    ...changes,
  }
}

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (error: unknown) => (isStorageError(error) ? error.code : error),
  )

afterEach(() => void vi.useRealTimers())

test('each call that waited for a failed init gets an error of its own, with its own name and stack', async () => {
  const init = async (): Promise<void> => {
    throw new UnavailableError('It is down.', 'connect')
  }
  const storage = createStorage(driver({ init }))
  const errors = await Promise.all(
    [storage.init(), storage.context.getSession('f'), storage.saga.clearDirty('f')].map((call) =>
      call.then(
        () => new Error('the call was answered'),
        (error: unknown) => error as UnavailableError,
      ),
    ),
  )
  expect(new Set(errors).size).toBe(3)
  expect(errors.map((error) => isStorageError(error) && error.operation)).toEqual([
    'init',
    'getSession',
    'clearDirty',
  ])
  for (const error of errors) {
    expect(error).toBeInstanceOf(UnavailableError)
    expect([isNativeError(error), error.message, typeof error.stack]).toEqual([true, 'It is down.', 'string'])
  }
})

test('close() ends five seconds after it was called during an init that does not end, and with it who waited', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const storage = createStorage(driver({ init: () => new Promise(() => {}) }))
  const read = codeOf(storage.context.getSession('f'))
  const closed = vi.fn<() => void>()
  void storage.close().then(closed)
  await vi.advanceTimersByTimeAsync(4_990)
  expect(closed).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(20)
  expect(closed).toHaveBeenCalledOnce()
  expect(await read).toBe('STORAGE_CLOSED')
})

test('an import whose end was not answered is ended again under the same ticket', async () => {
  const tickets: number[] = []
  const transfer = {
    counters: async () => ({ seq: 0, fence: 0 }),
    begin: async () => {},
    async finish(ticket: number) {
      tickets.push(ticket)
      if (tickets.length === 1) throw new UnavailableError('Lost.', 'connect', { outcome: 'unknown' })
    },
  }
  const storage = createStorage(driver({ transfer }))
  expect(await storage.importRecords([session, { type: 'counters', seq: 0, fence: 0, records: 1 }])).toEqual({
    imported: 1,
    skipped: 0,
  })
  expect([tickets.length, new Set(tickets).size]).toEqual([2, 1])
})

test('an import that waits for its source ends when the handle closes, and tells the source', async () => {
  const ended = vi.fn<() => void>()
  const silent: AsyncIterable<StorageRecord> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      async return() {
        ended()
        return { done: true, value: undefined }
      },
    }),
  }
  const transfer = {
    counters: async () => ({ seq: 0, fence: 0 }),
    begin: async () => {},
    finish: async () => {},
  }
  const storage = createStorage(driver({ transfer }))
  const outcome = codeOf(storage.importRecords(silent))
  await storage.close()
  expect(await outcome).toBe('STORAGE_CLOSED')
  expect(ended).toHaveBeenCalledOnce()
})

test('what a list could not read says where it comes from', async () => {
  const row = { dfid: 'f', agentId: 'a', reason: '', contextJson: null, proposalJson: '{}', impact: '' }
  const damaged = {
    ...row,
    createdAt: null,
    error: new StoredDataError('escalation_requests', 'f', 'is gone'),
  }
  const storage = createStorage(driver({ read: async () => [damaged] }))
  const [request] = await storage.escalation.getPendingRequests()
  const { backend, protocol, operation } = request?.error ?? {}
  expect([backend, protocol, operation]).toEqual(['stub', 'escalation', 'getPendingRequests'])
})

test('a batch whose callback threw takes nothing more', async () => {
  const storage = createStorage(driver({ capabilities: new Set(['atomically']) }))
  let late: () => void = () => {}
  const failed = storage.atomically((batch) => {
    late = () => batch.saga.clearDirty('f')
    throw new RangeError('on purpose')
  })
  await expect(failed).rejects.toEqual(new RangeError('on purpose'))
  expect(late).toThrow(InvalidArgumentError)
})

const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (error: unknown) => (isStorageError(error) ? [error.code, error.outcome] : error),
  )

test('close() ends in time whatever the driver does, and rejects what still waits, each with what is known of it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const never = (): Promise<never> => new Promise(() => {})
  const transfer = { counters: never, begin: never, finish: never }
  const storage = createStorage(driver({ read: never, write: never, close: never, health: never, transfer }))
  await storage.init()
  const calls = [
    storage.context.getSession('f'),
    storage.health(),
    Array.fromAsync(storage.exportRecords()),
    storage.context.setSession('f', '1'),
  ].map(outcomeOf)
  const closed = vi.fn<() => void>()
  void storage.close().then(closed)
  await vi.advanceTimersByTimeAsync(4_990)
  expect(closed).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(10)
  await new Promise(setImmediate)
  expect(closed).toHaveBeenCalledOnce()
  const unsent = ['STORAGE_CLOSED', 'not-applied']
  expect(await Promise.all(calls)).toEqual([unsent, unsent, unsent, ['STORAGE_CLOSED', 'unknown']])
})

test('a driver that closes sooner than it answers leaves nobody waiting; what it answers last arrives', async () => {
  const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
  const write: StorageDriver['write'] = ({ calls }) =>
    calls[0]?.args[0] === 'left' ? new Promise(() => {}) : promise
  const storage = createStorage(driver({ write, close: async () => resolve([null]) }))
  await storage.init()
  const writes = ['answered', 'left'].map((dfid) => outcomeOf(storage.saga.clearDirty(dfid)))
  await storage.close()
  expect(await Promise.all(writes)).toEqual(['answered', ['STORAGE_CLOSED', 'unknown']])
})

test('a call that waits for init when the handle closes is not carried out later', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const { promise, resolve } = Promise.withResolvers<void>()
  const write = vi.fn<StorageDriver['write']>(async () => [null])
  const storage = createStorage(driver({ init: () => promise, write }))
  const waiting = outcomeOf(storage.saga.clearDirty('f'))
  const closed = storage.close()
  await vi.advanceTimersByTimeAsync(5_000)
  await closed
  expect(await waiting).toEqual(['STORAGE_CLOSED', 'not-applied'])
  resolve()
  await new Promise(setImmediate)
  expect(write).not.toHaveBeenCalled()
})

test('what a record is marked with is not shown', async () => {
  const transfer = {
    counters: async () => ({ seq: 0, fence: 0 }),
    begin: async () => {},
    finish: async () => {},
  }
  const storage = createStorage(driver({ transfer }))
  await expect(storage.importRecords([{ ...session, unfit: 'quotes "secret"' }])).rejects.toThrow(
    'A stored value in session.record cannot be held by this contract (it is marked so).',
  )
})

test('an import whose end was not answered is of unknown outcome, though its end is refused when told again', async () => {
  let told = 0
  const transfer = {
    counters: async () => ({ seq: 0, fence: 0 }),
    begin: async () => {},
    async finish() {
      const outcome = ++told === 1 ? 'unknown' : 'not-applied'
      throw new UnavailableError('Lost.', 'connect', { outcome })
    },
  }
  const storage = createStorage(driver({ transfer }))
  const whole: StorageRecord[] = [session, { type: 'counters', seq: 0, fence: 0, records: 1 }]
  const error: unknown = await storage.importRecords(whole).catch((reason: unknown) => reason)
  expect(isStorageError(error) && [error.code, error.outcome, error.retryable]).toEqual([
    'STORAGE_UNAVAILABLE',
    'unknown',
    false,
  ])
  expect(told).toBe(2)
})

test('a handle whose import failed while it removed what another had left refuses writes until one has ended', async () => {
  const failure = new UnavailableError('Down.', 'connect', { outcome: 'not-applied' })
  const clear = vi
    .fn<() => Promise<boolean>>()
    .mockResolvedValue(false)
    .mockResolvedValueOnce(true)
    .mockRejectedValueOnce(failure)
  const transfer = {
    counters: async () => ({ seq: 0, fence: 0 }),
    begin: async () => {},
    clear,
    finish: async () => {},
  }
  const storage = createStorage(driver({ transfer }))
  await storage.init()
  const none: StorageRecord[] = [{ type: 'counters', seq: 0, fence: 0, records: 0 }]
  expect(await outcomeOf(storage.importRecords(none))).toEqual(['STORAGE_UNAVAILABLE', 'not-applied'])
  expect(await outcomeOf(storage.saga.clearDirty('f'))).toEqual(['STORAGE_CONFLICT', 'not-applied'])
  expect(await outcomeOf(storage.importRecords(none))).toBe('answered')
  expect(clear).toHaveBeenCalledTimes(3)
  expect(await outcomeOf(storage.saga.clearDirty('f'))).toBe('answered')
})

test('an import into a mix that one backend ended and another did not is of unknown outcome', async () => {
  const transfer = { counters: async () => ({ seq: 0, fence: 0 }), begin: async () => {} }
  const refusing = async (): Promise<void> => {
    throw new UnavailableError('It is down.', 'connect')
  }
  const handle = (finish: () => Promise<void>) => createStorage(driver({ transfer: { ...transfer, finish } }))
  const whole: StorageRecord[] = [session, { type: 'counters', seq: 0, fence: 0, records: 1 }]
  const outcomes = [async () => {}, refusing].map((finish) => {
    const mix = mixStorage({ default: handle(refusing), context: handle(finish) })
    return outcomeOf(mix.importRecords(whole))
  })
  expect(await Promise.all(outcomes)).toEqual([
    ['STORAGE_UNAVAILABLE', 'unknown'],
    ['STORAGE_UNAVAILABLE', 'not-applied'],
  ])
})
