import { type StorageHandle, type StorageRecord, mixStorage } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { expect, test } from 'vitest'
import { failureOf } from '../scripts/servers/failure.ts'
import { hold, mark, plant } from '../conformance/src/scenarios/plant.ts'
import { LAST, OLD, contents, flow, isOf, prune, removedOf } from '../conformance/src/scenarios/prune-kit.ts'

/** The log and the holds in one, everything else in another, which has the flows' statuses. */
async function filled(...more: readonly StorageRecord[]) {
  const [audit, rest] = [memoryStorage(), memoryStorage()]
  const mix = mixStorage({ default: rest, decisionAudit: audit, resourceLock: audit })
  await plant(mix, [...flow('one', 1), ...flow('two', 10), ...flow('open', 20, 'OPEN'), ...more, LAST])
  return { audit, rest, mix }
}

const flowsIn = async (storage: StorageHandle): Promise<Set<string>> =>
  new Set((await contents(storage)).flatMap((one) => /"dfid":"(\w+)"/.exec(one)?.[1] ?? []))

test('a mix prunes a flow in all of its backends', async () => {
  const { audit, rest, mix } = await filled()
  const dry = await prune(mix, { dryRun: true })
  expect(dry).toEqual({ flows: 2, removed: removedOf(2), kept: {} })
  expect(await prune(mix)).toEqual(dry)
  expect([await flowsIn(audit), await flowsIn(rest)]).toEqual([new Set(['open', 'last']), new Set(['open'])])
  expect(await prune(mix)).toEqual({ flows: 0, removed: {}, kept: {} })
})

test('what one backend keeps stays in the other', async () => {
  const { mix } = await filled(hold('one', 'fund', 1), mark('two', OLD))
  const before = await contents(mix)
  expect(await prune(mix)).toEqual({ flows: 0, removed: {}, kept: { resourceLock: 1, saga: 1 } })
  expect(await contents(mix)).toEqual(before)
})

test('a flow that is opened again at any moment meanwhile keeps what each backend has of it', async () => {
  for (let turns = 0; turns < 60; turns++) {
    const { mix } = await filled()
    const before = (await contents(mix)).filter((one) => isOf('one', one))
    const pruned = prune(mix)
    for (let turn = 0; turn < turns; turn++) await Promise.resolve()
    const isOpen = await mix.lifecycle.transition('one', 'DONE', 'OPEN')
    const told = await pruned
    const after = (await contents(mix)).filter((one) => isOf('one', one))
    expect([turns, after.length]).toEqual([turns, isOpen ? before.length + 1 : 0])
    expect(told.flows).toBe(isOpen ? 1 : 2)
  }
})

test('a mix with a single store of somebody’s own is refused, and so is a backend without the capability', async () => {
  const store = memoryStorage()
  const lone = mixStorage({ default: store, saga: { ...store.saga } })
  const about = ['capability', 'backend', 'protocol', 'operation']
  const expected = {
    code: 'STORAGE_UNSUPPORTED',
    outcome: 'not-applied',
    retryable: false,
    capability: 'prune',
    backend: 'mix',
    protocol: '',
    operation: 'prune',
  }
  expect(await failureOf(prune(lone), ...about)).toEqual(expected)
  const without = { ...memoryStorage(), capabilities: new Set() } as unknown as StorageHandle
  expect(await failureOf(prune(mixStorage({ default: store, saga: without })), ...about)).toEqual(expected)
  expect(lone.capabilities.has('prune')).toBe(false)
})
