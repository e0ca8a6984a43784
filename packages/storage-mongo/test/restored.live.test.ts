import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, mongoStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

const namespace = 'restored'

withServer('mongo', (url) => {
  test.each([true, false])(
    'numbers beside rows that are behind them are raised at start (init: %s)',
    async (init) => {
      const client = new MongoClient(url)
      const db = client.db('dir_storage')
      await dropNamespace({ url, namespace })
      const before = mongoStorage({ url, namespace })
      await before.resourceLock.acquire('f', { r: 1 }, 0, { capacities: { r: 2 } })
      const grant = await before.resourceLock.acquire('g', { r: 1 }, 0, { capacities: { r: 2 } })
      const seq = await before.decisionAudit.record('f', 'e')
      await before.close()
      // a restore of the records only
      await db.collection<{ _id: string }>(`${namespace}.meta`).deleteMany({ _id: { $in: ['fence', 'seq'] } })
      await db.collection(`${namespace}.lock_versions`).deleteMany({})

      const after = mongoStorage({ url, namespace, init })
      expect((await after.health()).details['raisedNumbers']).toBe('fence')
      const full = failureOf(after.resourceLock.acquire('h', { r: 1 }, 0, { capacities: { r: 2 } }))
      expect((await full).code).toBe('STORAGE_INSUFFICIENT_CAPACITY')
      await after.resourceLock.release('g')
      const next = await after.resourceLock.acquire('h', { r: 1 }, 0, { capacities: { r: 2 } })
      expect(next?.fence).toBeGreaterThan(grant?.fence ?? 0)
      expect(await after.decisionAudit.record('f', 'e')).toBe(seq + 1)
      const again = failureOf(after.resourceLock.acquire('i', { r: 1 }, 0, { capacities: { r: 2 } }))
      expect((await again).code).toBe('STORAGE_INSUFFICIENT_CAPACITY')
      await after.close()
      await dropNamespace({ url, namespace })
      await client.close()
    },
  )

  test('health() names the indexes that are missing', async () => {
    const client = new MongoClient(url)
    await dropNamespace({ url, namespace })
    await using storage = mongoStorage({ url, namespace })
    const { missingIndexes, raisedNumbers } = (await storage.health()).details
    expect([missingIndexes, raisedNumbers]).toEqual(['', ''])
    await client.db('dir_storage').collection(`${namespace}.resource_locks`).dropIndex('by_place')
    expect((await storage.health()).details['missingIndexes']).toBe('resource_locks.by_place')
    await client.close()
  })

  test('a release before all else leaves the amounts of the others as they are', async () => {
    const client = new MongoClient(url)
    await dropNamespace({ url, namespace })
    await using storage = mongoStorage({ url, namespace })
    await storage.resourceLock.acquire('f', { r: 1 }, 0, { capacities: { r: 2 } })
    await storage.resourceLock.acquire('g', { r: 1 }, 0, { capacities: { r: 2 } })
    await client.db('dir_storage').collection(`${namespace}.lock_versions`).deleteMany({})

    await storage.resourceLock.release('g')
    expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(1)
    const full = failureOf(storage.resourceLock.acquire('h', { r: 2 }, 0, { capacities: { r: 2 } }))
    expect((await full).code).toBe('STORAGE_INSUFFICIENT_CAPACITY')
    await client.close()
  })
})
