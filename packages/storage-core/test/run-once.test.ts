import { memoryStorage } from '@dir/storage-memory'
import { afterEach, expect, expectTypeOf, test, vi } from 'vitest'
import {
  ConflictError,
  type IdempotencyStorage,
  type JsonObject,
  UnavailableError,
  isStorageError,
  runOnce,
} from '../src/index.ts'

interface Fill {
  readonly price: number
  readonly shares?: number
}

const storage = memoryStorage()

afterEach(() => void vi.useRealTimers())

const FAKED = { toFake: ['setTimeout', 'clearTimeout', 'performance'] as const }

/** A store of one claim, whose renewals are answered by `renewClaim`. */
function stub(renewClaim: IdempotencyStorage['renewClaim']): IdempotencyStorage {
  return {
    ...storage.idempotency,
    claim: async () => ({ state: 'started', token: 'token' }),
    renewClaim,
    complete: async () => true,
    abandon: async () => true,
  }
}

/** Runs an effect that ends when it is told to. */
function run(idempotency: IdempotencyStorage, leaseSec: number) {
  const [signals, end] = [Promise.withResolvers<AbortSignal>(), Promise.withResolvers<void>()]
  const result = runOnce(idempotency, 'k', { leaseSec }, async (signal) => {
    signals.resolve(signal)
    await end.promise
    return { n: 1 }
  })
  return { signal: signals.promise, end: end.resolve, result }
}

test('takes and gives an interface of the caller’s own, and nothing that is no object', async () => {
  const fill = await runOnce(storage.idempotency, 'fill', { leaseSec: 60 }, (signal): Fill => {
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    return { price: 101.25 }
  })
  expectTypeOf(fill).toEqualTypeOf<Fill>()
  expect(fill).toEqual({ price: 101.25 })
  const late = runOnce(storage.idempotency, 'fill', { leaseSec: 60 }, async (): Promise<Fill> => ({
    price: 1,
  }))
  expectTypeOf(late).toEqualTypeOf<Promise<Fill>>()
  expect(await late).toEqual({ price: 101.25 })
  expectTypeOf(runOnce<JsonObject>).returns.toEqualTypeOf<Promise<JsonObject>>()
  const refused = [
    // @ts-expect-error -- a list is no object in JSON
    () => runOnce(storage.idempotency, 'list', { leaseSec: 60 }, () => [1]),
    // @ts-expect-error -- nor is a number
    () => runOnce(storage.idempotency, 'number', { leaseSec: 60 }, () => 1),
    // @ts-expect-error -- nor a later number
    () => runOnce(storage.idempotency, 'later number', { leaseSec: 60 }, async () => 1),
    // @ts-expect-error -- nor a function
    () => runOnce(storage.idempotency, 'function', { leaseSec: 60 }, () => () => {}),
    // @ts-expect-error -- nor nothing
    () => runOnce(storage.idempotency, 'nothing', { leaseSec: 60 }, async () => {}),
  ]
  for (const call of refused) {
    const error: unknown = await call().catch((reason: unknown) => reason)
    expect(isStorageError(error) && [error.code, error.outcome]).toEqual(['STORAGE_AMBIGUOUS', 'unknown'])
  }
})

test('renews at every third of the lease as long as fn runs, and leaves no timer behind', async () => {
  vi.useFakeTimers({ toFake: [...FAKED.toFake] })
  const renewClaim = vi.fn<IdempotencyStorage['renewClaim']>(async () => true)
  const { signal, end, result } = run(stub(renewClaim), 30)
  expect((await signal).aborted).toBe(false)
  await vi.advanceTimersByTimeAsync(95_000)
  expect(renewClaim.mock.calls).toEqual(Array.from({ length: 9 }, () => ['k', 'token', 30]))
  end()
  expect(await result).toEqual({ n: 1 })
  expect((await signal).aborted).toBe(false)
  expect(vi.getTimerCount()).toBe(0)
})

test('a renewal that fails is tried again until the lease is over, however it fails, and then the signal fires', async () => {
  vi.useFakeTimers({ toFake: [...FAKED.toFake] })
  const failures = [
    () => Promise.reject(new UnavailableError('It is down.', 'connect')),
    () => Promise.reject(new Error('Something else.')),
    () => new Promise<never>(() => {}),
  ]
  for (const fail of failures) {
    const { signal, end, result } = run(stub(fail), 30)
    await vi.advanceTimersByTimeAsync(29_990)
    expect((await signal).aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(20)
    const reason: unknown = (await signal).reason
    expect(isStorageError(reason, 'STORAGE_AMBIGUOUS') && [reason.token, reason.outcome]).toEqual([
      'token',
      'unknown',
    ])
    end()
    expect(await result).toEqual({ n: 1 })
    expect(vi.getTimerCount()).toBe(0)
  }
})

test('one renewal that succeeds in time is enough, and the lease counts from when it was asked for', async () => {
  vi.useFakeTimers({ toFake: [...FAKED.toFake] })
  let left = 5
  const renewClaim = async (): Promise<boolean> => {
    if (left-- !== 1) throw new UnavailableError('It is down.', 'connect')
    return true
  }
  const { signal, end, result } = run(stub(renewClaim), 30)
  await vi.advanceTimersByTimeAsync(30_000) // asked for at 10, 11, 12 and 13 seconds, and then it is renewed at 14
  expect([left, (await signal).aborted]).toEqual([expect.any(Number), false])
  await vi.advanceTimersByTimeAsync(13_990)
  expect((await signal).aborted).toBe(false)
  await vi.advanceTimersByTimeAsync(20)
  expect((await signal).aborted).toBe(true)
  end()
  expect(await result).toEqual({ n: 1 })
})

test('a lease of decades is not renewed at once', async () => {
  vi.useFakeTimers({ toFake: [...FAKED.toFake] })
  const renewClaim = vi.fn<IdempotencyStorage['renewClaim']>(async () => true)
  const { signal, end, result } = run(stub(renewClaim), 1e9)
  await vi.advanceTimersByTimeAsync(1_000)
  expect([renewClaim.mock.calls, (await signal).aborted]).toEqual([[], false])
  end()
  expect(await result).toEqual({ n: 1 })
})

test('the claim of an effect that somebody else has ended is not abandoned, and its result is nowhere', async () => {
  vi.useFakeTimers({ toFake: [...FAKED.toFake] })
  const abandon = vi.fn<IdempotencyStorage['abandon']>(async () => true)
  const ended = { ...stub(async () => false), abandon, complete: async () => false, get: async () => null }
  const thrown = runOnce(ended, 'k', { leaseSec: 30 }, async (signal) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    signal.throwIfAborted()
    return {}
  }).catch((error: unknown) => error)
  const { signal, end, result } = run(ended, 30)
  const returned = result.catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(10_000)
  expect((await signal).reason).toBeInstanceOf(ConflictError)
  end()
  for (const error of [await thrown, await returned])
    expect(isStorageError(error) && [error.code, error.outcome, error.operation]).toEqual([
      'STORAGE_CONFLICT',
      'unknown',
      'runOnce',
    ])
  expect(abandon).not.toHaveBeenCalled()
})
