import { expect, test } from 'vitest'
import type { Work } from '../src/adapter.ts'
import { done, labelOf, sleep, store } from './queue-works.ts'

test('the works of a commit take no more of it together than it has; who takes more is alone', async () => {
  const prepare = (work: Work): number => Number(labelOf(work))
  const { push, commits } = store(undefined, { prepare, mostWeight: 3 })
  await Promise.all(['1', '2', '1', '3', '5', '1', '1'].map((label) => push(label)))
  expect(commits).toEqual([['1', '2'], ['1'], ['3'], ['5'], ['1', '1']])
})

test('work is prepared once, and what arrives while a commit is under way before that ends', async () => {
  const prepared: string[] = []
  const [isUnderWay, isOver] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { push } = store(
    async (label, attempt) => {
      isUnderWay.resolve()
      await isOver.promise
      return label === 'b' && attempt < 3 ? 'again' : done
    },
    { prepare: (work) => prepared.push(labelOf(work)) },
  )
  const first = push('a')
  await isUnderWay.promise
  const second = push('b')
  expect(prepared).toEqual(['a', 'b'])
  isOver.resolve()
  await Promise.all([first, second])
  expect(prepared).toEqual(['a', 'b'])
})

test('what cannot be prepared is rejected, and touches nobody else', async () => {
  const prepare = (work: Work): number => {
    if (['bad', 'worse'].includes(labelOf(work))) throw new TypeError(`${labelOf(work)} it is`)
    return 1
  }
  const isUnderWay = Promise.withResolvers<void>()
  const { push, commits } = store(
    async () => {
      isUnderWay.resolve()
      await sleep(2)
      return done
    },
    { prepare },
  )
  const all = (labels: readonly string[]): Promise<unknown> =>
    Promise.allSettled(labels.map((label) => push(label)))
  const first = all(['a', 'bad', 'b'])
  await isUnderWay.promise
  const ends = await Promise.all([first, all(['worse', 'c'])])
  const refused = (label: string): unknown => ({
    status: 'rejected',
    reason: new TypeError(`${label} it is`),
  })
  const taken = { status: 'fulfilled', value: ['done'] }
  expect(ends).toEqual([
    [taken, refused('bad'), taken],
    [refused('worse'), taken],
  ])
  expect(commits).toEqual([['a', 'b'], ['c']])
})
