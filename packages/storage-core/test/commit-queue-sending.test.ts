import { expect, test } from 'vitest'
import { UnavailableError } from '../src/index.ts'
import { done, failure, sleep, store } from './queue-works.ts'

test('with overlap the next commit begins before the answers of one are handed on', async () => {
  const begun: string[] = []
  const judge = (label: string) => {
    begun.push(label)
    return done
  }
  const seen = async (overlap: boolean): Promise<string[]> => {
    begun.length = 0
    const { push } = store(judge, { mostWorks: 1, overlap })
    const first = push('a').then(() => [...begun])
    await Promise.all([first, push('b'), push('c')])
    return first
  }
  expect(await seen(true)).toEqual(['a', 'b'])
  expect(await seen(false)).toEqual(['a'])
})

test('with overlap nothing goes before what has to come again', async () => {
  const { push, commits } = store((_, attempt) => (attempt === 1 ? 'again' : done), {
    mostWorks: 2,
    overlap: true,
  })
  await Promise.all(['a', 'b', 'c'].map((one) => push(one)))
  expect(commits).toEqual([['a', 'b'], ['a', 'b'], ['c']])
})

test('what waits until commits can be sent is not sent: late, it is not applied, and the others go together', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let isReady = false
  const { push, commits } = store(undefined, { ready: () => (isReady ? undefined : promise) })
  const late = push('late', { deadline: 20 }).catch((error: unknown) => error)
  const patient = push('patient')
  await sleep(40)
  expect(await late).toEqual(failure({ code: 'STORAGE_TIMEOUT', outcome: 'not-applied' }))
  const other = push('other')
  isReady = true
  resolve()
  await Promise.all([patient, other])
  expect(commits).toEqual([['patient', 'other']])
})

test('where commits cannot be sent, each caller gets an error of its own, and the next one is tried', async () => {
  let isDown = true
  const ready = () => (isDown ? Promise.reject(new UnavailableError('It is down.', 'connect')) : undefined)
  const { push, commits } = store(undefined, { ready })
  const errors = await Promise.all(['a', 'b'].map((one) => push(one).catch((error: unknown) => error)))
  expect(errors).toEqual([failure({ outcome: 'not-applied' }), failure({ outcome: 'not-applied' })])
  expect(errors[0]).not.toBe(errors[1])
  isDown = false
  await push('c')
  expect(commits).toEqual([['c']])
})

test('thousands whose time is over at once are given up some at a time, and none of them is sent', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { push, commits } = store(async () => {
    await promise
    return done
  })
  const first = push('first')
  const late = Array.from({ length: 3_000 }, (_, index) => push(`late ${index}`, { deadline: 100, ids: [] }))
  const all = Promise.allSettled(late)
  await sleep(120)
  resolve()
  await first
  expect((await all).slice(127).every(({ status }) => status === 'rejected')).toBe(true)
  expect(commits.length).toBe(1)
})
