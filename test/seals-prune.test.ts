import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { type StorageHandle, mixStorage } from '@dir/storage-core'
import { checkProof, proveConsistency, proveEvent, sealAudit, verifyAudit } from '@dir/storage-core/seals'
import { memoryStorage } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'
import { describe, expect, test } from 'vitest'
import { intact } from '../packages/storage-core/test/seal-reports.ts'
import { move, plant } from '../conformance/src/scenarios/plant.ts'
import { LAST, OLD, contents, flow, prune, removedOf } from '../conformance/src/scenarios/prune-kit.ts'

const SEALS = 'dir:audit-seals'

const STORES = [
  ['memory', () => memoryStorage()],
  ['sqlite', () => sqliteStorage(':memory:')],
  [
    'a mix with the log elsewhere',
    () => mixStorage({ default: memoryStorage(), decisionAudit: memoryStorage() }),
  ],
  [
    'a mix with the statuses elsewhere',
    () => mixStorage({ default: memoryStorage(), lifecycle: memoryStorage() }),
  ],
] as const

const filled = async (storage: StorageHandle): Promise<StorageHandle> => {
  await plant(storage, [...flow('one', 1), ...flow('two', 10), ...flow('open', 20, 'OPEN'), LAST])
  return storage
}

/** What prunes said, each in ranges. */
const notes = async ({ decisionAudit }: StorageHandle): Promise<unknown[][]> =>
  (await Array.fromAsync(decisionAudit.events({ dfid: SEALS, event: 'PRUNED' }))).map(
    ({ details }) => details?.['seqs'] as unknown[],
  )

describe.each(STORES)('%s', (_, open) => {
  test('a sealed log says what a prune removes, and its proofs go on', async () => {
    await using storage = await filled(open())
    const [event] = await storage.decisionAudit.eventsForDfid('one')
    if (event === undefined) throw new Error('It was not planted.')
    const before = await sealAudit(storage)
    expect(await prune(storage, { dryRun: true })).toEqual({ flows: 2, removed: removedOf(2), kept: {} })
    expect(await notes(storage)).toEqual([])
    expect(await prune(storage)).toEqual({ flows: 2, removed: removedOf(2), kept: {} })
    expect(new Set(await notes(storage))).toEqual(new Set([[[1, 2]], [[10, 11]]]))
    expect(await verifyAudit(storage, { head: before })).toEqual(await intact(storage, before, 4))

    const after = await sealAudit(storage)
    expect(await verifyAudit(storage, { head: before })).toEqual(await intact(storage, after, 4))
    expect(checkProof(await proveEvent(storage, event.seq), after, event)).toBe(true)
    expect(checkProof(await proveConsistency(storage, before, after), before, after)).toBe(true)
  })

  test('a log that was never sealed says nothing', async () => {
    await using storage = await filled(open())
    const before = await contents(storage)
    expect(await prune(storage)).toEqual({ flows: 2, removed: removedOf(2), kept: {} })
    expect(await notes(storage)).toEqual([])
    expect((await contents(storage)).every((record) => before.includes(record))).toBe(true)
  })
})

test('what was pruned before the first seal is no part of it', async () => {
  await using storage = await filled(memoryStorage())
  await prune(storage)
  const head = await sealAudit(storage)
  expect(head.size).toBe(4)
  expect(await verifyAudit(storage)).toEqual(await intact(storage, head))
})

test('the flow of the seals is not pruned, whatever its status', async () => {
  await using storage = memoryStorage()
  await plant(storage, [...flow('one', 1), move(SEALS, 'DONE', OLD), LAST])
  const head = await sealAudit(storage)
  const before = new Date().toISOString()
  expect(await prune(storage, { before })).toEqual({ flows: 1, removed: removedOf(1), kept: {} })
  expect(await verifyAudit(storage)).toEqual(await intact(storage, head, 2))
})

test('a flow whose events lie scattered is told of in several events', async () => {
  await using storage = memoryStorage()
  const events = Array.from({ length: 4_001 }, (_, n) => ({
    dfid: n % 2 === 0 ? 'other' : 'one',
    event: 'E',
  }))
  await storage.decisionAudit.recordMany(events)
  await storage.lifecycle.recordTransition('one', null, 'DONE')
  const head = await sealAudit(storage)
  await sleep(5) // older than now
  const removed = { decisionAudit: 2_000, lifecycle: 1 }
  expect(await prune(storage, { before: new Date().toISOString() })).toEqual({ flows: 1, removed, kept: {} })
  expect((await notes(storage)).map((ranges) => ranges.length)).toEqual([1_000, 1_000])
  expect(await verifyAudit(storage)).toEqual(await intact(storage, head, 2_000))
})

test('sealing and verifying go on beside prunes', async () => {
  await using storage = memoryStorage()
  const flows = Array.from({ length: 200 }, (_, n) => flow(`flow ${n}`, 10 + 2 * n)).flat()
  await plant(storage, [...flows, LAST])
  let head = await sealAudit(storage)
  const pruned = prune(storage, { batchSize: 3 })
  let isOver = false
  void pruned.finally(() => (isOver = true))
  while (!isOver) {
    expect((await verifyAudit(storage)).problem).toBeNull()
    await storage.decisionAudit.record('last', 'MORE')
    head = await sealAudit(storage)
    await turn() // in memory, nothing that is awaited before gives way
  }
  expect(await pruned).toEqual({ flows: 200, removed: removedOf(200), kept: {} })
  expect(await verifyAudit(storage)).toEqual(await intact(storage, head, 400))
})
