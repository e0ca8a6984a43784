import { expect, test } from 'vitest'
import {
  type Outcome,
  type PruneOptions,
  type StorageHandle,
  TimeoutError,
  isStorageError,
} from '../src/index.ts'
import { type StorageDriver, createStorage } from '../src/adapter.ts'

// What prune makes of a driver that fails in its course.

const OPTIONS: PruneOptions = { before: '2026-04-01', terminal: ['DONE'] }

/** Flows that are over; `fails` says for each write of a flow how it fails, or null. */
function over(fails: (dfid: string, tries: number) => Outcome | null, count = 3): StorageHandle {
  const tries = new Map<string, number>()
  const driver: StorageDriver = {
    backend: 'stub',
    capabilities: new Set(['prune']),
    init: async () => {},
    read: async () => {
      const items = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].slice(0, count).map((dfid) => ({
        dfid,
        status: 'DONE',
        since: '2026-03-01T00:00:00.000000Z',
      }))
      return { items, next: null }
    },
    async write({ calls }) {
      const [dfid] = calls[0]?.ids ?? []
      if (dfid === undefined) return calls.map(() => ({ removed: 0, next: null }))
      tries.set(dfid, (tries.get(dfid) ?? 0) + 1)
      const outcome = fails(dfid, tries.get(dfid) ?? 0)
      if (outcome !== null) throw new TimeoutError(5_000, 'answer', { outcome })
      return calls.map(({ protocol }) => Number(protocol === 'lifecycle'))
    },
    health: async () => ({}),
    close: async () => {},
  }
  return createStorage(driver)
}

const outcomeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (error: unknown) =>
      isStorageError(error) && [error.code, error.outcome, error.retryable, error.operation],
  )

test('flows that were too many for one deadline are removed one by one', async () => {
  const storage = over((dfid, tries) => (dfid !== 'a' && tries === 1 ? 'not-applied' : null))
  expect(await storage.prune(OPTIONS)).toEqual({ flows: 3, removed: { lifecycle: 3 }, kept: {} })
})

test('a flow that fails by itself does not keep the others, and is told at the end', async () => {
  const tried: string[] = []
  const storage = over((dfid) => {
    tried.push(dfid)
    return dfid === 'a' ? 'not-applied' : null
  })
  expect(await outcomeOf(storage.prune({ ...OPTIONS, batchSize: 1 }))).toEqual([
    'STORAGE_TIMEOUT',
    'unknown',
    false,
    'prune',
  ])
  expect(tried).toEqual(['a', 'a', 'b', 'c'])
})

test('however many flows fail beside others that go, all others go', async () => {
  const gone: string[] = []
  const storage = over((dfid) => {
    if ('aceg'.includes(dfid)) return 'not-applied'
    gone.push(dfid)
    return null
  }, 8)
  for (const batchSize of [1, 2, 8]) {
    expect(await outcomeOf(storage.prune({ ...OPTIONS, batchSize }))).toEqual([
      'STORAGE_TIMEOUT',
      'unknown',
      false,
      'prune',
    ])
    expect(gone.splice(0)).toEqual(['b', 'd', 'f', 'h'])
  }
})

test('where flows fail one after the other, the rest is not tried', async () => {
  const tried = new Set<string>()
  const storage = over((dfid) => {
    tried.add(dfid)
    return 'not-applied'
  }, 4)
  await outcomeOf(storage.prune({ ...OPTIONS, batchSize: 1 }))
  expect([...tried]).toEqual(['a', 'b', 'c'])
})

test('of several failures, one of which nobody knows the outcome is told', async () => {
  const storage = over((dfid) => (dfid === 'b' ? 'unknown' : 'not-applied'))
  expect(await outcomeOf(storage.prune(OPTIONS))).toEqual(['STORAGE_TIMEOUT', 'unknown', false, 'prune'])
})

test('one that is ended before it begins removes nothing', async () => {
  const tried: string[] = []
  const storage = over((dfid) => {
    tried.push(dfid)
    return null
  })
  const reason = new Error('no')
  await expect(storage.prune({ ...OPTIONS, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(tried).toEqual([])
})

test('what fails after something was removed has the outcome unknown, and before that its own', async () => {
  const after = over((dfid) => (dfid === 'b' ? 'not-applied' : null))
  expect(await outcomeOf(after.prune(OPTIONS))).toEqual(['STORAGE_TIMEOUT', 'unknown', false, 'prune'])
  const before = over(() => 'not-applied')
  expect(await outcomeOf(before.prune(OPTIONS))).toEqual(['STORAGE_TIMEOUT', 'not-applied', true, 'prune'])
  const doubtful = over((dfid) => (dfid === 'c' ? 'unknown' : null))
  expect(await outcomeOf(doubtful.prune({ ...OPTIONS, batchSize: 1 }))).toEqual([
    'STORAGE_TIMEOUT',
    'unknown',
    false,
    'prune',
  ])
})
