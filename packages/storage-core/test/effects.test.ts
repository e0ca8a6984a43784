import { memoryStorage } from '@dir/storage-memory'
import { afterEach, expect, test, vi } from 'vitest'
import {
  type IdempotencyStorage,
  type StorageHandle,
  isStorageError,
  mixStorage,
  runOnce,
} from '../src/index.ts'
import { createStorage } from '../src/adapter.ts'

const LEASE = { leaseSec: 600 }

afterEach(() => void vi.useRealTimers())

/** An effect that goes on by `act` once it is let. */
function begin(idempotency: IdempotencyStorage, key: string, act: () => Promise<unknown>) {
  const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const result = runOnce(idempotency, key, LEASE, async () => {
    begun.resolve()
    await gate.promise
    await act()
    return { done: true }
  }).catch(told)
  return { begun: begun.promise, goOn: gate.resolve, result }
}

/** What an error says of itself. */
function told(error: unknown): unknown {
  return isStorageError(error) ? [error.code, error.outcome] : error
}

const answerOf = (call: Promise<unknown>): Promise<unknown> => call.then(() => 'answered', told)

const REFUSED = ['STORAGE_CLOSED', 'not-applied']
const DOUBT = ['STORAGE_AMBIGUOUS', 'unknown']

/** A handle in memory, another on the same records, and the name under which they are. */
function twins(name: string): readonly [StorageHandle, StorageHandle] {
  const namespace = `effects_${name}`
  return [memoryStorage({ namespace }), memoryStorage({ namespace })]
}

test('while close waits, an effect may call whatever it likes, by helpers and by another effect too', async () => {
  const [storage, other] = twins('whatever')
  const effect = begin(storage.idempotency, 'outer', async () => {
    await storage.decisionAudit.record('flow', 'ORDERED')
    await storage.atomically((batch) => batch.lifecycle.transition('flow', null, 'DONE'))
    expect(await Array.fromAsync(storage.decisionAudit.events(), ({ event }) => event)).toEqual(['ORDERED'])
    expect(await runOnce(storage.idempotency, 'inner', LEASE, () => ({ n: 1 }))).toEqual({ n: 1 })
    expect((await storage.health()).ok).toBe(true)
  })
  await effect.begun
  const closed = storage.close()
  expect(await answerOf(storage.decisionAudit.record('flow', 'LATE'))).toEqual(REFUSED)
  expect(await answerOf(storage.atomically(() => {}))).toEqual(REFUSED)
  effect.goOn()
  expect(await effect.result).toEqual({ done: true })
  await closed
  expect(await other.lifecycle.getCurrentStatus('flow')).toBe('DONE')
  expect(await other.idempotency.get('inner')).toEqual({ n: 1 })
  await other.close()
})

test('what others call on behalf of an effect is not called in its course', async () => {
  const [storage] = twins('others')
  const asked = Promise.withResolvers<void>()
  const answer = asked.promise.then(() => answerOf(storage.idempotency.get('k'))) // as a worker of its own would
  const effect = begin(storage.idempotency, 'k', async () => asked.resolve())
  await effect.begun
  const closed = storage.close()
  effect.goOn()
  expect([await answer, await effect.result]).toEqual([REFUSED, { done: true }])
  await closed
})

test('what an effect leaves behind is refused once it is over', async () => {
  const [storage, other] = twins('left_behind')
  const [later, hold] = [Promise.withResolvers<unknown>(), Promise.withResolvers<void>()]
  const first = begin(storage.idempotency, 'first', async () => {
    void hold.promise.then(() => later.resolve(answerOf(storage.idempotency.get('first'))))
  })
  const second = begin(storage.idempotency, 'second', async () => {})
  await Promise.all([first.begun, second.begun])
  const closed = storage.close()
  first.goOn()
  expect(await first.result).toEqual({ done: true })
  hold.resolve()
  expect(await later.promise).toEqual(REFUSED)
  second.goOn()
  expect(await second.result).toEqual({ done: true })
  await closed
  await other.close()
})

test('close does not wait for the effect that calls it, nor for one who waits for an effect', async () => {
  const [storage, other] = twins('itself')
  const claim = await other.idempotency.claim('busy', LEASE)
  expect(claim.state).toBe('started')
  const waiting = runOnce(storage.idempotency, 'busy', { ...LEASE, waitSec: 60 }, () => ({})).catch(told)
  const effect = begin(storage.idempotency, 'k', () => storage.close({ drainMs: 1_000_000 }))
  await effect.begun
  effect.goOn()
  expect([await effect.result, await waiting]).toEqual([DOUBT, REFUSED])
  await other.close()
})

test('an effect that fails because the handle was closed under it may have happened; others errors stay what they are', async () => {
  const [storage, other] = twins('under_it')
  const effects = [
    begin(storage.idempotency, 'a', () => storage.decisionAudit.record('flow', 'LATE')),
    begin(storage.idempotency, 'b', () => Promise.reject(new RangeError('No such account.'))),
  ]
  await Promise.all(effects.map(({ begun }) => begun))
  await storage.close({ drainMs: 0 })
  for (const { goOn } of effects) goOn()
  expect(await Promise.all(effects.map(({ result }) => result))).toEqual([
    DOUBT,
    new RangeError('No such account.'),
  ])
  await other.close()
})

test('effects are known through a store that somebody has wrapped', async () => {
  const [storage, other] = twins('wrapped')
  const completed = vi.fn<IdempotencyStorage['complete']>((...args) => storage.idempotency.complete(...args))
  const effect = begin({ ...storage.idempotency, complete: completed }, 'k', async () => {})
  await effect.begun
  const closed = storage.close()
  effect.goOn()
  expect(await effect.result).toEqual({ done: true })
  await closed
  expect(completed).toHaveBeenCalledOnce()
  expect(await other.idempotency.get('k')).toEqual({ done: true })
  await other.close()
})

test('a mix closes none of its backends before the effects of all are over, and is closed once', async () => {
  const [claims, audit] = [memoryStorage(), memoryStorage()]
  const mix = mixStorage({ default: claims, decisionAudit: audit })
  const effect = begin(mix.idempotency, 'k', () => mix.decisionAudit.record('flow', 'ORDERED'))
  await effect.begun
  const closed = mix.close()
  expect(mix.close({ drainMs: 1 })).toBe(closed)
  expect(await answerOf(mix.decisionAudit.eventsForDfid('flow'))).toEqual(REFUSED)
  effect.goOn()
  expect(await effect.result).toEqual({ done: true })
  await closed
  expect(await answerOf(audit.decisionAudit.eventsForDfid('flow'))).toEqual(REFUSED)
})

test('a mix refuses malformed options of close, and stays open', async () => {
  const mix = mixStorage({ default: memoryStorage() })
  expect(await answerOf(mix.close({ drainMs: -1 }))).toEqual(['STORAGE_INVALID_ARGUMENT', 'not-applied'])
  expect(await mix.intentRetry.getCount('flow')).toBe(0)
  await mix.close()
})

test('close takes as long as it may wait for effects, and then five seconds at most', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const storage = createStorage({
    backend: 'stub',
    capabilities: new Set(['claim']),
    init: async () => {},
    read: async () => null,
    write: async ({ calls }) => calls.map(() => ({ state: 'started' })),
    health: async () => ({}),
    close: () => new Promise(() => {}),
  })
  await storage.init()
  for (const [options, drainMs] of [[undefined, 5_000] as const]) {
    const effect = begin(storage.idempotency, 'k', () => new Promise(() => {}))
    await effect.begun
    const closed = vi.fn<() => void>()
    void storage.close(options).then(closed)
    await vi.advanceTimersByTimeAsync(drainMs + 4_990)
    expect(closed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(20)
    await new Promise(setImmediate)
    expect(closed).toHaveBeenCalledOnce()
  }
})
