import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, mongoStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

const namespace = 'many_documents'
const LONG_AGO = '2020-01-01T00:00:00.000000Z'

interface Commands {
  readonly deletes?: readonly unknown[]
  readonly updates?: readonly unknown[]
}

withServer('mongo', (url) => {
  test('of very many expired holds some are removed at a time, and then an acquire is judged', async () => {
    await using client = new MongoClient(url, { monitorCommands: true })
    await dropNamespace({ url, namespace })
    await using storage = mongoStorage({ client, namespace })
    await storage.init()
    const expired = Array.from({ length: 2_500 }, (_, n) => {
      const _id = { dfid: `f${n}`, resourceId: 'r' }
      return { _id, micros: 1_000_000, acquiredAt: LONG_AGO, expiresAt: LONG_AGO, fence: 1 }
    })
    const db = client.db('dir_storage')
    await db.collection<(typeof expired)[0]>(`${namespace}.resource_locks`).insertMany(expired)
    const removed: number[] = []
    client.on('commandStarted', ({ command }) => {
      removed.push((command as Commands).deletes?.length ?? 0)
    })

    const [granted, count] = await Promise.all([
      storage.resourceLock.acquire('new', { r: 1 }, 5, { capacities: { r: 1 } }),
      storage.intentRetry.increment('new'),
    ])
    expect([granted === null, count]).toEqual([false, 1])
    expect(removed.reduce((sum, length) => sum + length, 0)).toBe(2_500)
    expect(Math.max(...removed)).toBeLessThanOrEqual(1_000)
    expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(1)
  }, 30_000)

  test('works that name very many records are no single commit', async () => {
    await using client = new MongoClient(url, { monitorCommands: true })
    await dropNamespace({ url, namespace })
    await using storage = mongoStorage({ client, namespace, operationTimeoutMs: 60_000 })
    await storage.init()
    let most = 0
    client.on('commandStarted', ({ command }) => {
      most = Math.max(most, (command as Commands).updates?.length ?? 0)
    })
    const batches = Array.from({ length: 8 }, (_, n) =>
      storage.atomically((batch) => {
        for (let i = 0; i < 1_000; i++) batch.intentRetry.increment(`${n} ${i}`)
      }),
    )
    expect((await Promise.all(batches)).flat()).toEqual(Array.from({ length: 8_000 }, () => 1))
    expect(most).toBeLessThanOrEqual(3_000)
  }, 60_000)

  test('the end of claims is judged without their results, which together are more than one answer holds', async () => {
    await dropNamespace({ url, namespace })
    await using storage = mongoStorage({ url, namespace, operationTimeoutMs: 30_000 })
    const keys = Array.from({ length: 10 }, (_, n) => `key-${n}`)
    const result = { large: 'x'.repeat(2 * 1024 * 1024) }
    for (const key of keys) await storage.idempotency.set(key, result)
    const ends = storage.atomically((batch) => {
      for (const key of keys) batch.idempotency.complete(key, randomUUID(), {})
    })
    expect(await failureOf(ends)).toEqual({
      code: 'STORAGE_CONFLICT',
      outcome: 'not-applied',
      retryable: false,
    })
    expect(await storage.idempotency.setIfAbsent('key-0', {})).toEqual({
      stored: false,
      result,
      resultJson: `{"large": "${result.large}"}`,
    })
  }, 60_000)
})
