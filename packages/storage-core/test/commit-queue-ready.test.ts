import { expect, test } from 'vitest'
import { UnavailableError } from '../src/index.ts'
import { done, failure, sleep, store } from './queue-works.ts'

test('nothing is sent before the store is ready, and what arrives meanwhile goes along', async () => {
  const gate = Promise.withResolvers<void>()
  let isReady = false
  const { push, commits } = store(undefined, { ready: () => (isReady ? undefined : gate.promise) })
  const first = push('a')
  await sleep(10)
  expect(commits).toEqual([])
  const second = push('b')
  isReady = true
  gate.resolve()
  await Promise.all([first, second])
  expect(commits).toEqual([['a', 'b']])
})

test('work whose time is over before the store is ready is not applied', async () => {
  const { push, commits } = store(undefined, { ready: () => sleep(60) })
  await expect(push('a', { deadline: 20 })).rejects.toEqual(
    failure({ code: 'STORAGE_TIMEOUT', outcome: 'not-applied', attempts: 0 }),
  )
  await sleep(80)
  expect(commits).toEqual([])
})

test('where the store cannot be made ready, all that waits gets an error of its own, and the next is tried', async () => {
  let isDown = true
  const { push } = store(undefined, {
    ready: async () => {
      if (isDown) throw new UnavailableError('It is down.', 'connect')
    },
  })
  const errors = await Promise.all(['a', 'b'].map((one) => push(one).catch((error: unknown) => error)))
  expect(new Set(errors).size).toBe(2)
  expect(errors).toEqual([failure({ message: 'It is down.' }), failure({ message: 'It is down.' })])
  isDown = false
  expect(await push('c')).toEqual(['c'])
})

test('overlapping, nobody asks whether the store is ready while nothing waits', async () => {
  let asked = 0
  const ready = (): undefined => void asked++
  const { push } = store(undefined, { overlap: true, ready })
  await push('a')
  expect(asked).toBe(1)
  await push('b')
  expect(asked).toBe(2)
})

test('overlapping, the next commit begins before the answers of one are handed on, and no two run at once', async () => {
  const seen: string[] = []
  let underWay = 0
  const { push } = store(
    async (label) => {
      expect(++underWay).toBe(1)
      seen.push(`begins ${label}`)
      await sleep(2)
      underWay--
      return done
    },
    { overlap: true, mostWorks: 1 },
  )
  await Promise.all(['a', 'b'].map((label) => push(label).then(() => seen.push(`answers ${label}`))))
  expect(seen).toEqual(['begins a', 'begins b', 'answers a', 'answers b'])
})

test('overlapping, what has to come again comes before all that waits', async () => {
  const { push, commits } = store((label, attempt) => (label === 'a' && attempt < 3 ? 'again' : done), {
    overlap: true,
    mostWorks: 2,
  })
  await Promise.all(['a', 'b', 'c', 'd'].map((label) => push(label)))
  expect(commits).toEqual([
    ['a', 'b'],
    ['a', 'c'],
    ['a', 'd'],
  ])
})

test('overlapping, the next commit has left before the callers go on', async () => {
  const seen: string[] = []
  const { push } = store(
    async (label) => {
      await new Promise<void>((resolve) => process.nextTick(resolve)) // as a pool of connections hands one out
      seen.push(`${label} leaves`)
      await sleep(2)
      return done
    },
    { overlap: true, mostWorks: 1 },
  )
  const calls = ['a', 'b', 'c'].map((label) => push(label).then(() => seen.push(`after ${label}`)))
  await Promise.all(calls)
  expect(seen).toEqual(['a leaves', 'b leaves', 'after a', 'c leaves', 'after b', 'after c'])
})
