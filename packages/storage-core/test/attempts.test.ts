import { expect, test } from 'vitest'
import { ResourceContentionError, TimeoutError } from '../src/index.ts'
import { type Call, type Work, createStorage } from '../src/adapter.ts'
import { sleep, store } from './queue-works.ts'

/** At least so much; more on a busy machine. */
const atLeast = (least: number): unknown =>
  expect.toSatisfy((value: number) => value >= least && value < 10_000, `is at least ${least}`)

/** All that a failed call says to a program. */
async function toldBy(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => new Error('it was answered'),
    (reason: unknown) => reason,
  )
  if (!(error instanceof TimeoutError || error instanceof ResourceContentionError)) throw error
  const { code, outcome, retryable, phase, attempts, elapsedMs, lastAttemptMs } = error
  return { code, outcome, retryable, phase, attempts, elapsedMs, lastAttemptMs }
}
const late = { code: 'STORAGE_TIMEOUT', outcome: 'not-applied', retryable: true }
const kept = { ...late, code: 'STORAGE_RESOURCE_CONTENTION' }

test('a write that is never sent says that it waited for its turn', async () => {
  const { push } = store(() => sleep(120).then(() => ({ answers: [] })))
  const first = push('a')
  await sleep(10)
  expect(await toldBy(push('b', { deadline: 50 }))).toEqual({
    ...late,
    phase: 'queue',
    attempts: 0,
    elapsedMs: atLeast(49),
    lastAttemptMs: 0,
  })
  await first
})

test('a write without an answer says how long the store has had it', async () => {
  const { push } = store(() => sleep(150).then(() => ({ answers: [] })))
  expect(await toldBy(push('a', { deadline: 50 }))).toEqual({
    ...late,
    outcome: 'unknown',
    retryable: false,
    phase: 'answer',
    attempts: 1,
    elapsedMs: atLeast(49),
    lastAttemptMs: atLeast(20),
  })
})

test('a write that others kept out says how often it was tried, and how long the last attempt took', async () => {
  // what is blocked is not sent, whatever moment its deadline comes in
  const { push } = store(undefined, {
    commit: async (works) => {
      await sleep(20)
      return works.map(() => 'blocked')
    },
  })
  expect(await toldBy(push('a', { deadline: 400 }))).toEqual({
    ...kept,
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
  expect(await toldBy(push('a'))).toEqual({
    ...kept,
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
  const slow = { ...late, phase: 'answer', attempts: 1, elapsedMs: atLeast(45), lastAttemptMs: atLeast(45) }
  expect(await toldBy(storage.saga.getDirtyFlows())).toEqual(slow)
  await storage.close()
})
