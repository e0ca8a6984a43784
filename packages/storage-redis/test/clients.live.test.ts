import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Redis } from 'ioredis'
// @ts-expect-error -- ioredis 4 has no types of its own
import Redis4 from 'ioredis4'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { createClient } from 'node-redis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RedisCluster, redisCommand, startRedisCluster } from '../../../scripts/servers/index.ts'
import { withOwnServer, withServer } from '../../../scripts/servers/live.ts'
import { type UserClient, dropNamespace, redisStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

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

  /** Options that change what is sent or answered. */
  const odd = {
    keyPrefix: 'mine:',
    stringNumbers: true,
    commandTimeout: 1,
    lazyConnect: true, // its own first command would time out
    readOnly: true,
    enableAutoPipelining: true,
    maxRetriesPerRequest: null,
    db: 1,
  }

  const CLIENTS: readonly (readonly [string, () => UserClient & { disconnect(): void }])[] = [
    ['ioredis 4', () => new Redis4(url, odd)],
    ['ioredis 5', () => new Redis5(url, odd)],
    ['ioredis 6', () => new Redis(url, { ...odd, protocol: 3, replyMapping: 'resp3' })],
  ]

  test.each(CLIENTS)('%s with options that change answers', async (_, newClient) => {
    const client = newClient()
    const storage = redisStorage({ client: client, namespace })
    try {
      expect(await storage.intentRetry.increment('f')).toBe(1)
      expect(await storage.decisionAudit.record('f', 'e')).toBe(1)
      expect(await storage.resourceLock.acquire('f', { r: 1 }, 0)).toEqual({ fence: 1, expiresAt: null })
      expect(await storage.context.compareAndSetState('a', null, '1')).toBe(true)
      expect((await storage.decisionAudit.allEventsChronological()).map(({ seq }) => seq)).toEqual([1])
      expect((await storage.health()).ok).toBe(true)
      expect(await redisCommand(url, 'INFO', 'keyspace')).toContain('db1:')
    } finally {
      await storage.close()
      client.disconnect()
      await dropNamespace({ url: `${url}/1`, namespace })
    }
  })

  test('a client of node-redis is refused when it is given', () => {
    expect(() => redisStorage({ client: createClient({ url }) as never })).toThrow(
      'Invalid argument: client must be a client of ioredis, a Redis or a Cluster; those of other packages cannot be used.',
    )
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
    [{}, 'options'],
    [{ url: 'http://x' }, 'url'],
    [{ url: 5 }, 'url'],
    [{ client: {} }, 'client'],
    [{ redis: new Redis({ lazyConnect: true }) }, 'redis'],
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
          await storage.lifecycle.recordTransition('g', null, 'DONE')
          await sleep(20)
          const old = { before: new Date().toISOString(), terminal: ['DONE'] }
          expect(await storage.prune(old)).toEqual({ flows: 1, removed: { lifecycle: 1 }, kept: {} })
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

    test('with a password, any version of ioredis, and without the nodes that have other namespaces', async () => {
      const every = (...words: string[]) =>
        Promise.all(cluster.nodes.map((node) => redisCommand(node.url, ...words)))
      await every('ACL', 'SETUSER', 'someone', 'on', '>se-cret', '~*', '&*', '+@all')
      await every('CONFIG', 'SET', 'cluster-require-full-coverage', 'no')
      const redisOptions = { username: 'someone', password: 'se-cret' }
      const own = await ownerOf(namespace)
      const others = cluster.nodes.filter((node) => node !== own)
      await every('ACL', 'SETUSER', 'default', '-eval') // whoever loses the password is found out
      onTestFinished(async () => void (await every('ACL', 'SETUSER', 'default', '+@all')))
      for (const client of [
        new Cluster([own.url], { redisOptions }),
        new Cluster5([own.url], { redisOptions }),
      ]) {
        const options = { client: client, namespace }
        await dropNamespace(options)
        others[0]?.pause()
        const storage = redisStorage({ ...options, operationTimeoutMs: 3_000 })
        try {
          expect(await storage.intentRetry.increment('f')).toBe(1)
          expect((await storage.health()).details['appendFsync']).toBe('always')
        } finally {
          others[0]?.resume()
          await storage.close()
          await dropNamespace(options)
          client.disconnect()
        }
      }
    })

    test('a wrong password is told at once', async () => {
      const redisOptions = { username: 'someone', password: 'wr0ng' }
      const client = new Cluster([cluster.url], { redisOptions })
      client.on('error', () => {})
      const storage = redisStorage({ client, namespace, operationTimeoutMs: 3_000 })
      const refused = { code: 'STORAGE_AUTH', outcome: 'not-applied', retryable: false }
      expect(await failureOf(storage.init())).toEqual(refused)
      await storage.close()
      client.disconnect()
    })

    test('a slot that moves to another node while calls are under way: each is carried out once', async () => {
      const client = new Cluster([cluster.url])
      const storage = redisStorage({ client, namespace: 'moving' })
      const acknowledged: number[] = []
      let running = true
      try {
        await storage.init()
        const writers = Array.from({ length: 4 }, async () => {
          while (running) acknowledged.push(await storage.decisionAudit.record('f', 'event'))
        })
        const from = await ownerOf('moving')
        const to = cluster.nodes.find((node) => node !== from) ?? from
        const [fromId, toId] = await Promise.all(
          [from, to].map(({ url }) => redisCommand(url, 'CLUSTER', 'MYID')),
        )
        const idOf = (reply: string | undefined): string => String(reply).split('\r\n').at(-1) ?? ''
        const slot = await redisCommand(from.url, 'CLUSTER', 'KEYSLOT', '{moving}:meta')
        await redisCommand(to.url, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', idOf(fromId))
        await redisCommand(from.url, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', idOf(toId))
        const keysThere = async () =>
          (await redisCommand(from.url, 'CLUSTER', 'GETKEYSINSLOT', slot, '1'))
            .split('\r\n')
            .filter((line) => line.startsWith('{'))
        for (let keys = await keysThere(); keys.length > 0; keys = await keysThere())
          await redisCommand(
            from.url,
            'MIGRATE',
            '127.0.0.1',
            String(to.port),
            '',
            '0',
            '5000',
            'KEYS',
            ...keys,
          )
        for (const { url } of [to, from, ...cluster.nodes])
          await redisCommand(url, 'CLUSTER', 'SETSLOT', slot, 'NODE', idOf(toId))
        const least = acknowledged.length + 20
        while (acknowledged.length < least) await storage.intentRetry.increment('f')
        running = false
        await Promise.all(writers)
        const events = (await storage.decisionAudit.allEventsChronological()).map(({ seq }) => seq)
        expect(events).toEqual(acknowledged.toSorted((one, other) => one - other))
        expect(await redisCommand(from.url, 'DBSIZE')).toBe('0')
      } finally {
        running = false
        await storage.close()
        await dropNamespace({ client, namespace: 'moving' })
        client.disconnect()
      }
    })

    /** The node that has a namespace: it is the one that does not send a client elsewhere. */
    async function ownerOf(name: string) {
      for (const node of cluster.nodes) {
        const moved = await redisCommand(node.url, 'EXISTS', `{${name}}:meta`).catch(() => null)
        if (moved !== null) return node
      }
      throw new Error('nobody has it')
    }

    test('a node that stops and comes back: calls settle, and work again', async () => {
      const client = new Cluster([cluster.url])
      const storage = redisStorage({ client, namespace, operationTimeoutMs: 800 })
      try {
        while (!(await storage.health()).ok); // a busy machine may need more than one deadline to begin
        expect(await storage.intentRetry.increment('f')).toBe(1)
        for (const node of cluster.nodes) node.pause()
        const start = performance.now()
        expect((await failureOf(storage.intentRetry.increment('f'))).outcome).toBe('unknown')
        expect(performance.now() - start).toBeLessThan(1_800)
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
