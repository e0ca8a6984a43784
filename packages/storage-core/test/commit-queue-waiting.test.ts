import { expect, test } from 'vitest'
import { CommitQueue, type WorkResult } from '../src/adapter.ts'
import { UnavailableError } from '../src/index.ts'
import { done, failure, labelOf, read, sleep, store, work } from './queue-works.ts'

const contention = failure({ code: 'STORAGE_RESOURCE_CONTENTION', outcome: 'not-applied', retryable: true })

test('work whose deadline passes unsent leaves, and is never sent', async () => {
  const gate = Promise.withResolvers<void>()
  const { push, commits } = store(() => gate.promise.then(() => done), { mostWorks: 1 })
  const first = push('first')
  const late = push('late', { deadline: 5 })
  const patient = push('patient')
  await expect(late).rejects.toEqual(
    failure({ code: 'STORAGE_TIMEOUT', outcome: 'not-applied', retryable: true }),
  )
  gate.resolve()
  await Promise.all([first, patient])
  expect(commits).toEqual([['first'], ['patient']])
})

test('work whose deadline passes in its commit is unknown, and the others have their answers', async () => {
  const gate = Promise.withResolvers<void>()
  const { push, commits } = store(() => gate.promise.then(() => done))
  const late = push('late', { deadline: 100 })
  const patient = push('patient')
  await expect(late).rejects.toEqual(
    failure({ code: 'STORAGE_TIMEOUT', outcome: 'unknown', retryable: false }),
  )
  gate.resolve()
  expect(await patient).toEqual(['done'])
  expect(commits).toHaveLength(1)
})

test('late work that a commit could not carry out is not tried again', async () => {
  const gate = Promise.withResolvers<void>()
  const { push, commits } = store((label) => gate.promise.then(() => (label === 'late' ? 'again' : done)))
  const late = push('late', { deadline: 100 })
  const patient = push('patient')
  await expect(late).rejects.toEqual(failure({ outcome: 'unknown' }))
  gate.resolve()
  await patient
  await sleep(5)
  expect(commits).toEqual([['late', 'patient']])
})

test('blocked work goes into the next commit, before all that waits, and nobody else waits for it', async () => {
  const { push, commits } = store(
    (label, attempt) => (label === 'blocked' && attempt < 3 ? 'blocked' : { answers: [label] }),
    { mostWorks: 2 },
  )
  const settled: string[] = []
  await Promise.all(
    ['blocked', 'a', 'b', 'c'].map((one) => push(one).then((answers) => settled.push(String(answers[0])))),
  )
  expect(commits).toEqual([
    ['blocked', 'a'],
    ['blocked', 'b'],
    ['blocked', 'c'],
  ])
  expect(settled).toEqual(['a', 'b', 'blocked', 'c'])
})

test('where all is blocked the queue pauses, and what arrives meanwhile goes along', async () => {
  let isFree = false
  const { push, commits } = store(() => (isFree ? done : 'blocked'))
  const first = push('a')
  await sleep(50)
  expect(commits.length).toBeLessThan(40)
  isFree = true
  await Promise.all([first, push('b')])
  expect(commits.at(-1)).toEqual(['a', 'b'])
})

test('work that is to be tried again is, at once and in its place', async () => {
  const { push, commits } = store((label, attempt) => (label === 'b' && attempt === 1 ? 'again' : done))
  await Promise.all([push('a'), push('b'), push('c')])
  expect(commits).toEqual([['a', 'b', 'c'], ['b']])
})

test('a result that is missing counts as one to be tried again', async () => {
  let results: readonly WorkResult[] = []
  const queue = new CommitQueue({
    async commit(works, sending) {
      sending(works)
      return results
    },
  })
  const answer = queue.push(work('a'))
  await sleep(5)
  results = [done]
  expect(await answer).toEqual(['done'])
})

test('where a commit fails of which a part was sent, the rest was not, and comes again', async () => {
  const commits: string[][] = []
  const { push } = store(undefined, {
    async commit(works, sending) {
      commits.push(works.map(labelOf))
      sending(works.slice(0, 1))
      if (commits.length === 1) throw new UnavailableError('It is gone.', 'answer', { outcome: 'unknown' })
      return works.map(() => done)
    },
  })
  const [one, other] = [push('one'), push('other')]
  await expect(one).rejects.toEqual(failure({ code: 'STORAGE_UNAVAILABLE', outcome: 'unknown' }))
  expect(await other).toEqual(['done'])
  expect(commits).toEqual([['one', 'other'], ['other']])
})

test('what an adapter writes untold is an error, because it would have been called not applied until then', async () => {
  const { push } = store(undefined, { commit: async (works) => works.map(() => done) })
  await expect(push('a')).rejects.toEqual(failure({ code: 'STORAGE_INTERNAL', outcome: 'unknown' }))
})

test('blocked, an acquire is refused after its own time, a batch with an acquire rejects, others wait for their deadline', async () => {
  const { push } = store(() => 'blocked')
  const start = performance.now()
  const order: string[] = []
  const [once, batch, patient, other] = [
    push('once', { access: 0 }),
    push('batch', { access: 0, atomic: true }),
    push('patient', { access: 40 }),
    push('other', { deadline: 80 }),
  ]
  await Promise.all([
    once.then(() => order.push('once')),
    expect(batch).rejects.toEqual(contention),
    patient.then(() => order.push('patient')),
    other.catch(() => order.push('other')),
  ])
  expect([await once, await patient]).toEqual([[null], [null]])
  await expect(other).rejects.toEqual(contention)
  expect(order).toEqual(['once', 'patient', 'other'])
  expect(performance.now() - start).toBeGreaterThan(60)
})

test('blocked work is given up before an attempt that would end after its deadline', async () => {
  let attempts = 0
  const { push } = store(() => {
    attempts++
    return sleep(60).then(() => 'blocked')
  })
  await expect(push('a', { deadline: 100 })).rejects.toEqual(contention)
  expect(attempts).toBe(1)
})

test('a read waits for earlier writes to its ids; a list waits for all but acquires that are blocked', async () => {
  let isFree = false
  const { push, queue } = store(() => (isFree ? done : 'blocked'))
  const passed: string[] = []
  const watch = (name: string, wait: Promise<unknown> | undefined): void =>
    void (wait ?? Promise.resolve()).then(() => passed.push(name))
  const acquiring = push('flow', { ids: ['flow', 'cash'], access: 5_000 })
  watch('other id', queue.earlier(read(['other'], false)))
  watch('same id', queue.earlier(read(['cash'], true)))
  watch('list', queue.earlier(read([], true)))
  await sleep(20)
  expect(passed).toEqual(['other id', 'list'])
  const release = push('other')
  watch('list behind a release', queue.earlier(read([], true)))
  await sleep(20)
  expect(passed).toEqual(['other id', 'list'])
  isFree = true
  await Promise.all([acquiring, release])
  await new Promise(setImmediate)
  expect(passed.toSorted()).toEqual(['list', 'list behind a release', 'other id', 'same id'])
  expect(queue.earlier(read([], true))).toBe(undefined)
})

test('no read waits for a write that was given up', async () => {
  const { push, queue } = store(() => sleep(150).then(() => done))
  const late = push('a', { deadline: 100 })
  await expect(late).rejects.toEqual(failure({ outcome: 'unknown' }))
  expect(queue.earlier(read(['a'], false))).toBe(undefined)
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
