import { expect, test } from 'vitest'
import { ResourceContentionError, TimeoutError } from '../src/index.ts'
import { type Call, type Work, createStorage } from '../src/adapter.ts'
import { sleep, store } from './queue-works.ts'

/** At least so much; more on a busy machine. */
const atLeast = (least: number): unknown =>
  expect.toSatisfy((value: number) => value >= least && value < 10_000, `is at least ${least}`)

test('a write that is never sent says that it waited for its turn', async () => {
  const { push } = store(() => sleep(120).then(() => ({ answers: [] })))
  const first = push('a')
  await sleep(10)
  await expect(push('b', { deadline: 50 })).rejects.toMatchObject({
    code: 'STORAGE_TIMEOUT',
    phase: 'queue',
    attempts: 0,
    elapsedMs: atLeast(49),
    lastAttemptMs: 0,
  })
  await first
})

test('a write without an answer says how long the store has had it', async () => {
  const { push } = store(() => sleep(150).then(() => ({ answers: [] })))
  await expect(push('a', { deadline: 50 })).rejects.toMatchObject({
    phase: 'answer',
    outcome: 'unknown',
    attempts: 1,
    elapsedMs: atLeast(49),
    lastAttemptMs: atLeast(20),
  })
})

test('a write that others kept out says how often it was tried, and how long the last attempt took', async () => {
  const { push } = store(() => sleep(20).then(() => 'blocked'))
  await expect(push('a', { deadline: 400 })).rejects.toMatchObject({
    code: 'STORAGE_RESOURCE_CONTENTION',
    phase: 'access',
    attempts: atLeast(2),
    elapsedMs: atLeast(100),
    lastAttemptMs: atLeast(15),
  })
})

test('what an adapter knows of its own attempts stands, and the queue adds what it knows', async () => {
  const { push } = store(() => ({
    error: new ResourceContentionError(7, { lastAttemptMs: 3, phase: 'connect' }),
  }))
  await expect(push('a')).rejects.toMatchObject({
    phase: 'connect',
    attempts: 7,
    elapsedMs: atLeast(0),
    lastAttemptMs: 3,
  })
})

test('a handle adds the time of the whole call to what a read fails of', async () => {
  const refuse = async (_: Call | Work): Promise<never> => {
    await sleep(30)
    throw new TimeoutError(1, 'answer')
  }
  const storage = createStorage({
    backend: 'slow',
    capabilities: new Set(),
    init: () => sleep(20),
    read: refuse,
    write: refuse,
    health: async () => ({}),
    close: async () => {},
  })
  const slow = { phase: 'answer', attempts: 1, elapsedMs: atLeast(45), lastAttemptMs: atLeast(45) }
  await expect(storage.saga.getDirtyFlows()).rejects.toMatchObject(slow)
  await storage.close()
})
