import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { memoryStorage } from '@dir/storage-memory'
import { expect, test } from 'vitest'
import { CHANNELS, type CallMessage, type StorageHandle, isStorageError, mixStorage } from '../src/index.ts'
import { createStorage } from '../src/adapter.ts'
import { callsOf, heard } from './listen.ts'

const SECRET = 'secret-4711'

const call: CallMessage = {
  backend: 'memory',
  namespace: null,
  protocol: '',
  method: '',
  operations: null,
  attempts: null,
  records: null,
  ids: null,
  elapsedMs: expect.any(Number) as number,
  code: null,
  outcome: null,
}

/** Calls of every kind, with ids and payloads of which no message may tell. */
async function everyKind({ agentRegistry, resourceLock, ...storage }: StorageHandle): Promise<void> {
  const capacities = { [SECRET]: 1 }
  const failing = [
    resourceLock.acquire(SECRET, { [SECRET]: 2 }, 0, { capacities }),
    storage.atomically((batch) => batch.expectStatus(SECRET, SECRET)),
    storage.atomically(() => {
      throw new Error(SECRET)
    }),
    agentRegistry.getAgent(`${SECRET}${'x'.repeat(1_000)}`),
    Array.fromAsync(storage.decisionAudit.events({ dfid: SECRET, limit: -1 })),
    Promise.resolve().then(() => storage.within({ [SECRET]: SECRET })),
  ]
  const failed = await Promise.allSettled(failing)
  expect(failed.map(({ status }) => status)).toEqual(failing.map(() => 'rejected'))
  await storage.context.setSession(SECRET, JSON.stringify({ [SECRET]: SECRET }))
  await storage.context.getSession(SECRET)
  await storage.idempotency.set(SECRET, { [SECRET]: SECRET })
  await storage.atomically((batch) => [batch.decisionAudit.record(SECRET, SECRET, { stepId: SECRET })])
  await Array.fromAsync(storage.decisionAudit.events({ dfid: SECRET }))
  await storage.decisionAudit.eventsForDfid(SECRET)
  const records = await Array.fromAsync(storage.exportRecords())
  await memoryStorage().importRecords(records)
  await storage.prune({ before: '2020-01-01', terminal: [SECRET] })
  await storage.health()
}

test('a call is told as Node describes it, with the same message at each step', async () => {
  await using storage = memoryStorage()
  const all = await heard('call', () => storage.intentRetry.increment('f'))
  expect(all.map(({ event }) => event)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
  expect(new Set(all.map(({ same }) => same)).size).toBe(1)
  const increment = { ...call, protocol: 'intentRetry', method: 'increment' }
  expect(all[0]?.message).toEqual({ ...increment, elapsedMs: null })
  expect(all[3]?.message).toEqual(increment)
})

test('a call that fails says with what code and outcome, before its end', async () => {
  await using storage = memoryStorage()
  const acquire = () => storage.resourceLock.acquire('f', { r: 2 }, 0, { capacities: { r: 1 } })
  const all = await heard('call', () => expect(acquire()).rejects.toThrow(/No room/))
  expect(all.map(({ event }) => event)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
  const failure = { code: 'STORAGE_INSUFFICIENT_CAPACITY', outcome: 'not-applied' }
  expect(all[2]?.message).toEqual({ ...call, protocol: 'resourceLock', method: 'acquire', ...failure })
})

test('so does one with a malformed argument, and one that is stopped by its caller', async () => {
  await using storage = memoryStorage()
  const prune = { before: '2020-01-01', terminal: ['T'], signal: AbortSignal.abort() }
  const found = await callsOf(() =>
    Promise.allSettled([storage.saga.clearDirty(''), storage.prune(prune), storage.close({ drainMs: -1 })]),
  )
  expect(found.map(({ method, code, outcome }) => [method, code, outcome])).toEqual([
    ['clearDirty', 'STORAGE_INVALID_ARGUMENT', 'not-applied'],
    ['close', 'STORAGE_INVALID_ARGUMENT', 'not-applied'],
    ['prune', 'OTHER', null],
  ])
})

test('a batch is one call, which says how many operations it has', async () => {
  await using storage = memoryStorage()
  const all = await heard('call', () =>
    storage.atomically((batch) => {
      batch.intentRetry.setCount('f', 1)
      batch.decisionAudit.recordMany([])
      batch.decisionAudit.record('f', 'E')
    }),
  )
  const batch = { ...call, method: 'atomically', operations: 3 }
  expect(all.map(({ event }) => event)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
  expect(all[1]?.message).toEqual({ ...batch, elapsedMs: null })
  expect(all[3]?.message).toEqual(batch)
})

test('a list is under way from its first item to its last, or until nobody asks for more', async () => {
  await using storage = memoryStorage()
  await storage.decisionAudit.recordMany(['a', 'b', 'c'].map((event) => ({ dfid: 'f', event })))
  const list = { ...call, protocol: 'decisionAudit', method: 'events' }
  const whole = await heard('call', () => Array.fromAsync(storage.decisionAudit.events()))
  expect(whole.map(({ event }) => event)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
  expect(whole[0]?.message).toEqual({ ...list, records: 0, elapsedMs: null })
  expect(whole[3]?.message).toEqual({ ...list, records: 3 })

  const left = await callsOf(async () => {
    for await (const { event } of storage.decisionAudit.events({ follow: true })) if (event === 'b') break
  })
  expect(left).toEqual([{ ...list, records: 2 }])
  expect(await callsOf(async () => storage.decisionAudit.events())).toEqual([])

  const failing = await callsOf(() =>
    expect(Array.fromAsync(storage.decisionAudit.events({ limit: -1 }))).rejects.toThrow(/limit/),
  )
  expect(failing).toEqual([{ ...list, records: 0, code: 'STORAGE_INVALID_ARGUMENT', outcome: 'not-applied' }])
  const [exported] = await callsOf(() => Array.fromAsync(storage.exportRecords()))
  expect(exported).toEqual({ ...call, method: 'exportRecords', records: 4 })
})

test('a list that is left lets go of what it uses, also where somebody listens', async () => {
  let watchers = 0
  const event = { seq: 1, dfid: 'f', event: 'E', detailsJson: '{}', timestamp: null }
  const watch = () => {
    watchers++
    return { isLive: true, stop: () => void watchers-- }
  }
  await using storage = createStorage({
    backend: 'stub',
    capabilities: new Set(['eventCursor']),
    init: async () => {},
    read: async () => [event],
    write: async () => [],
    health: async () => ({}),
    close: async () => {},
    watch,
  })
  await callsOf(async () => {
    for await (const _ of storage.decisionAudit.events({ follow: true })) {
      expect(watchers).toBe(1)
      break
    }
  })
  expect(watchers).toBe(0)
})

test('every method of a handle is a call, and what it does itself is none', async () => {
  const storage = memoryStorage()
  const found = await callsOf(async () => {
    await storage.init()
    await storage.health()
    await storage.importRecords([{ type: 'counters', seq: 0, fence: 0, records: 0 }])
    await Array.fromAsync(storage.exportRecords())
    await storage.prune({ before: '2020-01-01', terminal: ['T'] })
    await storage.close()
    await storage.close()
  })
  expect(found.map(({ protocol, method }) => protocol + method)).toEqual([
    'init',
    'health',
    'importRecords',
    'exportRecords',
    'prune',
    'close',
  ])
})

test('no message has an id or a payload, whatever is called and however it ends', async () => {
  await using storage = memoryStorage({ namespace: 'tracing' })
  const all = await heard('call', () => everyKind(storage))
  expect(all.length).toBeGreaterThan(50)
  for (const { same } of all) expect(JSON.stringify(same)).not.toContain(SECRET)
  expect(new Set(all.map(({ message }) => message.ids))).toEqual(new Set([null]))
  expect(all[0]?.message.namespace).toBe('tracing')
})

test('with traceIds, calls have the ids that they name, and no payload', async () => {
  await using storage = memoryStorage({ traceIds: true })
  const found = await callsOf(async () => {
    await storage.resourceLock.acquire('f', { r: 2 }, 0, { capacities: { r: 9 } })
    await storage.context.setSession('g', JSON.stringify(SECRET))
    await storage.atomically((batch) => {
      void storage.init() // a call of its own
      batch.intentRetry.setCount('h', 1)
      batch.context.setSession('i', '1')
    })
    await storage.health()
  })
  expect(found.map(({ method, ids }) => [method, ids])).toEqual([
    ['acquire', ['f', 'r']],
    ['setSession', ['g']],
    ['init', []],
    ['atomically', ['h', 'i']],
    ['health', []],
  ])
  expect(JSON.stringify(found)).not.toContain(SECRET)
  expect(() => memoryStorage({ traceIds: 1 as never })).toThrow(/traceIds must be true or false/)
})

test('in a mix, a call is that of the handle that answers it', async () => {
  await using mix = mixStorage({ default: memoryStorage(), saga: memoryStorage({ namespace: 'other' }) })
  const found = await callsOf(async () => {
    await mix.saga.markDirty('f', 'step', '{}')
    await mix.prune({ before: '2020-01-01', terminal: ['T'] })
  })
  expect(found).toEqual([
    { ...call, namespace: 'other', protocol: 'saga', method: 'markDirty' },
    { ...call, backend: 'mix', method: 'prune' },
  ])
})

test('a store that is bound to a channel holds in a call and its callbacks, and in nothing else', async () => {
  await using storage = memoryStorage()
  const current = new AsyncLocalStorage<string>()
  const { start } = tracingChannel(CHANNELS.call)
  const parents: [string, string | undefined][] = []
  const nested: Promise<unknown>[] = []
  start.bindStore(current, (message) => {
    const { method } = message as CallMessage
    parents.push([method, current.getStore()])
    return method
  })
  try {
    await current.run('request', async () => {
      await storage.atomically((batch) => {
        nested.push(storage.saga.listDirtyFlows()[Symbol.asyncIterator]().next(), storage.health())
        batch.intentRetry.setCount('f', 1)
      })
      expect(current.getStore()).toBe('request')
      for await (const _ of storage.lifecycle.listFlows()) break
      const onProgress = () => void (nested.length < 3 && nested.push(storage.init()))
      await storage.prune({ before: '2020-01-01', terminal: ['T'], onProgress })
    })
    await Promise.all(nested)
  } finally {
    start.unbindStore(current)
  }
  expect(parents).toEqual([
    ['atomically', 'request'],
    ['listDirtyFlows', 'atomically'],
    ['health', 'atomically'],
    ['listFlows', 'request'],
    ['prune', 'request'],
    ['init', 'prune'],
  ])
})

test('an error is the same whether somebody listens or not', async () => {
  await using storage = memoryStorage()
  const errors: unknown[] = []
  const refused = async (): Promise<void> => {
    await storage.intentRetry.setCount('f', -1).catch((error: unknown) => void errors.push(error))
  }
  await refused()
  await heard('call', refused)
  const [silent, told] = errors.map((error) => isStorageError(error) && error.toJSON())
  expect(told).toEqual(silent)
  const [before, after] = errors.map((error) => (error as Error).stack?.split('\n').slice(0, 2).join('\n'))
  expect(after).toBe(before)
  expect(before).toContain('tracing.test.ts')
})
