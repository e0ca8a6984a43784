import { expect, test, vi } from 'vitest'
import { UnavailableError } from '../src/index.ts'
import { done, failure, sleep, store } from './queue-works.ts'

test('what is issued in one turn is committed together, in the order of issue; who is alone waits for nobody', async () => {
  const { push, commits } = store()
  const settled: string[] = []
  await Promise.all(['a', 'b', 'c'].map((one) => push(one).then(() => settled.push(one))))
  expect(await push('alone')).toEqual(['alone'])
  expect(commits).toEqual([['a', 'b', 'c'], ['alone']])
  expect(settled).toEqual(['a', 'b', 'c'])
})

test('what arrives while a commit is under way goes into the next one, and no two are under way at once', async () => {
  const [isUnderWay, isOver] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let [underWay, most] = [0, 0]
  const { push, commits } = store(async () => {
    most = Math.max(most, ++underWay)
    isUnderWay.resolve()
    await isOver.promise
    underWay--
    return done
  })
  const first = push('a')
  await isUnderWay.promise
  const others = [push('b'), push('c')]
  isOver.resolve()
  await Promise.all([first, ...others])
  expect(commits).toEqual([['a'], ['b', 'c']])
  expect(most).toBe(1)
})

test('a caller who has an answer is in time for the next commit', async () => {
  const { push, commits } = store(undefined, { mostWorks: 2 })
  const again = push('a').then(() => push('after a'))
  await Promise.all([again, push('b'), push('c')])
  expect(commits).toEqual([
    ['a', 'b'],
    ['c', 'after a'],
  ])
})

test('a commit takes so many works, and no more once they come to so many bytes', async () => {
  const { push, commits } = store(undefined, { mostWorks: 3, mostBytes: 100 })
  await Promise.all(['a', 'b', 'c', 'd'].map((one) => push(one)))
  await Promise.all(['e', 'f', 'g'].map((one) => push(one, { bytes: 60 })))
  expect(commits).toEqual([['a', 'b', 'c'], ['d'], ['e', 'f'], ['g']])
})

test('large work has a commit of its own, in its turn', async () => {
  const { push, commits } = store(undefined, { aloneBytes: 50 })
  await Promise.all([push('a'), push('large', { bytes: 51 }), push('b'), push('c', { bytes: 50 })])
  expect(commits).toEqual([['a'], ['large'], ['b', 'c']])
})

test('work that has too little time left for an answer is not sent', async () => {
  const { push, commits } = store(undefined, { leastMs: 50 })
  const late = push('late', { deadline: 40 }).catch((error: unknown) => error)
  expect(await push('a', { deadline: 5_000 })).toEqual(['a'])
  expect(await late).toEqual(failure({ code: 'STORAGE_TIMEOUT', outcome: 'not-applied', phase: 'queue' }))
  expect(commits).toEqual([['a']])
})

test('a refusal touches no other work of its commit', async () => {
  const { push } = store((label) => (label === 'bad' ? { error: new Error('refused') } : done))
  const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map((one) => push(one)))
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})

test('where a commit fails, each caller gets an error of its own, and the next commit is tried', async () => {
  let isDown = true
  const { push } = store(() => {
    if (isDown) throw new UnavailableError('It is down.', 'connect')
    return done
  })
  const errors = await Promise.all(['a', 'b'].map((one) => push(one).catch((error: unknown) => error)))
  expect(new Set(errors).size).toBe(2)
  expect(errors).toEqual([failure({ message: 'It is down.' }), failure({ message: 'It is down.' })])
  isDown = false
  expect(await push('c')).toEqual(['done'])
})

test('a commit that throws at once rejects its works as well', async () => {
  const { push } = store(undefined, {
    commit: () => {
      throw new Error('no connection')
    },
  })
  await expect(push('a')).rejects.toThrow('no connection')
})

test('is bounded by works and by bytes, and says so', async () => {
  const { push, queue } = store(() => new Promise(() => {}), { maxEntries: 2, maxBytes: 100 })
  const first = push('a')
  const second = push('b', { bytes: 85 })
  await expect(push('c')).rejects.toEqual(
    failure({ code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied', retryable: true }),
  )
  await expect(push('d', { bytes: 101 })).rejects.toEqual(
    failure({ code: 'STORAGE_VALUE_TOO_LARGE', bytes: 101, limit: 100 }),
  )
  const closing = queue.close(1)
  await Promise.all([
    expect(first).rejects.toEqual(failure({ code: 'STORAGE_CLOSED' })),
    expect(second).rejects.toEqual(failure({ code: 'STORAGE_CLOSED' })),
  ])
  await closing
})

test('what is settled makes room', async () => {
  const { push } = store(undefined, { maxEntries: 1, maxBytes: 10 })
  for (const label of ['a', 'b', 'c']) expect(await push(label)).toEqual([label])
})

test('close commits what waits, and takes nothing more', async () => {
  const { push, queue, commits } = store(undefined, { mostWorks: 1 })
  const last = [push('a'), push('b')]
  await queue.close(1_000)
  expect(await Promise.all(last)).toEqual([['a'], ['b']])
  expect(commits).toEqual([['a'], ['b']])
  await expect(push('more')).rejects.toEqual(failure({ code: 'STORAGE_CLOSED', outcome: 'not-applied' }))
})

test('what is left when the grace of a close is over rejects, and what was not sent never is', async () => {
  const gate = Promise.withResolvers<void>()
  const { push, queue, commits } = store(() => gate.promise.then(() => done), { mostWorks: 1 })
  const outcomes = ['sent', 'waiting'].map((one) => push(one).catch((error: unknown) => error))
  await queue.close(10)
  expect(await Promise.all(outcomes)).toEqual([
    failure({ code: 'STORAGE_CLOSED', outcome: 'unknown' }),
    failure({ code: 'STORAGE_CLOSED', outcome: 'not-applied' }),
  ])
  gate.resolve()
  await sleep(5)
  expect(commits).toEqual([['sent']])
})

test('work settles where a test has put another setImmediate in its place', async () => {
  vi.useFakeTimers({ toFake: ['setImmediate'] })
  try {
    expect(await store().push('a')).toEqual(['a'])
  } finally {
    vi.useRealTimers()
  }
})
