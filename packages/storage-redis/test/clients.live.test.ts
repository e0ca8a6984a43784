import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RedisCluster, redisCommand, startRedisCluster } from '../../../scripts/servers/index.ts'
import { withOwnServer, withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { failureOf } from './failure.ts'

const namespace = 'clients'

withServer('redis', (url) => {
  test("the user's own client is duplicated, its prefix and its resending left behind, and never closed", async () => {
    const client = new Redis(url, { keyPrefix: 'mine:', autoResendUnfulfilledCommands: true })
    try {
      const storage = redisStorage({ client, namespace })
      expect(await storage.intentRetry.increment('f')).toBe(1)
      await storage.close()
      expect(client.status).toBe('ready')
      expect(await client.ping()).toBe('PONG')
      const plain = redisStorage({ url, namespace })
      expect(await plain.intentRetry.getCount('f')).toBe(1)
      await plain.close()
      await dropNamespace({ client, namespace })
      expect(await redisCommand(url, 'KEYS', `{${namespace}}:*`)).toBe('0')
    } finally {
      client.disconnect()
    }
  })

  test('dropNamespace removes that namespace and no other', async () => {
    const [one, other] = ['drop_a', 'drop_ab'].map((name) => redisStorage({ url, namespace: name }))
    if (one === undefined || other === undefined) throw new Error('two handles')
    for (const storage of [one, other]) {
      await storage.decisionAudit.record('f', 'e')
      await storage.resourceLock.acquire('f', { r: 1 }, 0, { leaseSec: 60 })
      await storage.close()
    }
    await dropNamespace({ url, namespace: 'drop_a' })
    expect(await redisCommand(url, 'KEYS', '{drop_a}:*')).toBe('0')
    const kept = redisStorage({ url, namespace: 'drop_ab', init: false })
    expect((await kept.resourceLock.getHolds()).map((hold) => hold.dfid)).toEqual(['f'])
    await kept.close()
    await dropNamespace({ url, namespace: 'drop_ab' })
  })
})

test('wrong options are refused before anything is opened', () => {
  const bad: readonly [unknown, string][] = [
    [{}, 'url'],
    [{ url: 'http://x' }, 'url'],
    [{ url: 5 }, 'url'],
    [{ client: {} }, 'client'],
    [{ url: 'redis://x', client: new Redis({ lazyConnect: true }) }, 'client'],
    [{ url: 'redis://x', namespace: 'No' }, 'namespace'],
    [{ url: 'redis://x', allowEviction: 1 }, 'allowEviction'],
    [{ url: 'redis://x', allowEvictions: true }, 'options'],
  ]
  for (const [options, argument] of bad) {
    let error: unknown
    try {
      redisStorage(options as string)
    } catch (reason) {
      error = reason
    }
    expect((error as { argument?: unknown } | undefined)?.argument).toBe(argument)
  }
})

describe('a cluster', () => {
  withOwnServer('redis', () => {
    let cluster: RedisCluster
    beforeAll(async () => {
      cluster = await startRedisCluster()
    })
    afterAll(() => cluster.stop())

    test('a namespace lies on one node, and works through a Cluster client', async () => {
      const client = new Cluster([cluster.url])
      try {
        for (const name of ['one', 'two', 'three', 'four']) {
          const storage = redisStorage({ client, namespace: name, operationTimeoutMs: 3_000 })
          const answers = await storage.atomically((batch) => {
            batch.decisionAudit.record('f', 'e')
            batch.resourceLock.acquire('f', { r: 1 }, 0)
            batch.lifecycle.transition('f', null, 'NEW')
            batch.context.setSession('f', '1')
          })
          expect(answers).toEqual([1, { fence: 1, expiresAt: null }, true, undefined])
          expect(await storage.lifecycle.getCurrentStatus('f')).toBe('NEW')
          expect((await storage.health()).details['mode']).toBe('cluster')
          await storage.close()
          const keys = await Promise.all(cluster.nodes.map((node) => redisCommand(node.url, 'DBSIZE')))
          expect(keys.filter((size) => size !== '0')).toHaveLength(1)
          await dropNamespace({ client, namespace: name })
          expect(await Promise.all(cluster.nodes.map((node) => redisCommand(node.url, 'DBSIZE')))).toEqual(
            Array.from(cluster.nodes, () => '0'),
          )
        }
        expect(client.status).toBe('ready')
      } finally {
        client.disconnect()
      }
    })

    test('a client of a single node is told to be a Cluster client', async () => {
      const failures = []
      for (const { url } of cluster.nodes) {
        const storage = redisStorage({ url, namespace })
        failures.push(await failureOf(storage.init()).catch(() => null))
        await storage.close()
      }
      const refused = { code: 'STORAGE_CONFIGURATION', outcome: 'not-applied', retryable: false }
      expect(failures.filter((failure) => failure !== null)).toEqual([refused, refused])
    })

    test('a node that stops and comes back: calls settle, and work again', async () => {
      const client = new Cluster([cluster.url])
      const storage = redisStorage({ client, namespace, operationTimeoutMs: 800 })
      try {
        expect(await storage.intentRetry.increment('f')).toBe(1)
        for (const node of cluster.nodes) node.pause()
        const start = performance.now()
        expect((await failureOf(storage.intentRetry.increment('f'))).outcome).toBe('unknown')
        expect(performance.now() - start).toBeLessThan(1_200)
        for (const node of cluster.nodes) node.resume()
        const deadline = performance.now() + 10_000
        let count: number | null = null
        while (count === null && performance.now() < deadline)
          count = await storage.intentRetry.increment('f').catch(() => null)
        expect(count).toBe(2)
      } finally {
        for (const node of cluster.nodes) node.resume()
        await storage.close()
        client.disconnect()
      }
    })
  })
})
