import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, redisCommand, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { type RedisStorageOptions, dropNamespace, redisStorage, redisAcl } from '../src/index.ts'
import { COMMANDS as USED } from '../src/rights.ts'
import { SCHEMA_VERSION } from '../src/schema.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

/** What the README says that a user needs. */
const COMMANDS = readmeCommands()

function readmeCommands(): string[] {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [, list = ''] = /needs the keys `\{namespace\}:\*` and the\s+commands ([^;]*);/.exec(readme) ?? []
  return Array.from(list.matchAll(/`([a-z]+)`/g), ([, name]) => String(name))
}

withOwnServer('redis', () => {
  let server: Server

  beforeAll(async () => {
    server = await start('redis')
    const beside = ['+config|get', '+xread', '+select']
    const rights = redisAcl('settings').filter((rule) => !beside.includes(rule))
    await redisCommand(server.url, 'ACL', 'SETUSER', 'someone', 'on', '>se-cret', ...rights)
  })
  afterAll(() => server.stop())

  const set = (name: string, value: string) => redisCommand(server.url, 'CONFIG', 'SET', name, value)

  async function using<T>(
    act: (storage: ReturnType<typeof redisStorage>) => Promise<T>,
    options: RedisStorageOptions = {},
  ): Promise<T> {
    const place = options.redis === undefined && options.url === undefined ? { url: server.url } : {}
    const storage = redisStorage({ ...place, namespace: 'settings', operationTimeoutMs: 1_000, ...options })
    try {
      return await act(storage)
    } finally {
      await storage.close()
    }
  }

  /** Prunes what is over until now. */
  async function pruned(storage: ReturnType<typeof redisStorage>) {
    await sleep(20)
    const options = { before: new Date().toISOString(), terminal: ['DONE'] }
    return (await storage.prune({ ...options, keepResultsSec: 0, keepTokensSec: 0 })).removed
  }

  test('a server that may evict keys is refused, unless that is allowed', async () => {
    await set('maxmemory-policy', 'allkeys-lru')
    const refusal = await using((storage) => storage.init().catch((error: unknown) => error))
    expect({ ...(refusal as object) }).toEqual({
      code: 'STORAGE_CONFIGURATION',
      setting: 'maxmemory-policy',
      found: 'allkeys-lru',
      required: 'noeviction',
      name: 'ConfigurationError',
      backend: 'redis',
      protocol: '',
      operation: 'init',
      retryable: false,
      outcome: 'not-applied',
    })
    const allowed = await using((storage) => storage.health(), { allowEviction: true })
    expect(allowed.details['evictionPolicy']).toBe('allkeys-lru')
    await set('maxmemory-policy', 'noeviction')
  })

  test('policies that evict only keys with a time to live do no harm: no key here has one', async () => {
    for (const policy of ['volatile-lru', 'volatile-lfu', 'volatile-ttl', 'volatile-random']) {
      await set('maxmemory-policy', policy)
      expect((await using((storage) => storage.health())).details['evictionPolicy']).toBe(policy)
    }
    await set('maxmemory-policy', 'noeviction')
    await using((storage) => storage.intentRetry.increment('f'))
    expect(await redisCommand(server.url, 'INFO', 'keyspace')).toContain('expires=0')
  })

  test('a value that the server would end the connection over is refused, and takes nothing down with it', async () => {
    await set('client-query-buffer-limit', '1mb')
    const large = `"${'x'.repeat(2_000_000)}"`
    const urls = [server.url, server.url.replace('redis://', 'redis://someone:se-cret@')]
    try {
      for (const [index, url] of urls.entries()) {
        const outcomes = await using(
          (storage) =>
            Promise.all([
              storage.intentRetry.increment(`f ${index}`),
              failureOf(storage.context.setState('large', large)),
              storage.intentRetry.increment(`f ${index}`),
              storage.context.setState('small', '1'),
            ]),
          { url, operationTimeoutMs: 3_000 },
        )
        const [code, outcome] =
          index === 0 ? ['STORAGE_VALUE_TOO_LARGE', 'not-applied'] : ['STORAGE_UNAVAILABLE', 'unknown']
        expect(outcomes).toEqual([1, { code, outcome, retryable: false }, 2, undefined])
      }
    } finally {
      await set('client-query-buffer-limit', '1gb')
    }
    await dropNamespace({ url: server.url, namespace: 'settings' })
  })

  test('a database that the server does not have is refused, and nothing goes into another', async () => {
    const refusal = await using((storage) => failureOf(storage.context.setSession('f', '1')), {
      url: `${server.url}/99`,
    })
    expect(refusal).toEqual({ code: 'STORAGE_CONFIGURATION', outcome: 'not-applied', retryable: false })
    expect(await redisCommand(server.url, 'EXISTS', '{settings}:session')).toBe('0')
    const second = { url: `${server.url}/2` }
    expect(await using(async (storage) => (await storage.health()).ok, second)).toBe(true)
  })

  test('a URL that is none is refused without being quoted', () => {
    for (const url of [
      'redis://u:hunter2@host:99999',
      'redis://:hunter2@[::1',
      `${server.url}/abc`,
      'http://x',
      'redis://u:%zz@host',
      'redis://%e0@host',
      'unix:///%zz',
      `${server.url}?db=x`,
    ])
      expect(() => redisStorage(url)).toThrow(
        'Invalid argument: url must be a URL such as redis://user:password@host:6379/0.',
      )
  })

  test("options of ioredis in the URL's query are refused, but for db and family", async () => {
    for (const name of ['connectTimeout', 'stringNumbers', 'keyPrefix', 'enableOfflineQueue', 'readOnly'])
      expect(() => redisStorage(`${server.url}/?${name}=true`)).toThrow(
        'Invalid argument: url must have no options of ioredis in its query but db and family; give others by redis.',
      )
    await using((storage) => storage.context.setState('where', '1'), { url: `${server.url}?db=3&family=4` })
    expect(await redisCommand(`${server.url}`, 'INFO', 'keyspace')).toContain('db3:')
    await dropNamespace({ url: `${server.url}/3`, namespace: 'settings' })
  })

  test('durable is claimed where an append-only file is kept, and health() says what that is worth', async () => {
    const seen = async () =>
      using(async (storage) => {
        const { details } = await storage.health()
        return [storage.capabilities.has('durable'), details['appendFsync'], details['durability']]
      })
    await set('appendfsync', 'always')
    expect(await seen()).toEqual([
      true,
      'always',
      'acknowledged writes survive a crash of the server, and a power cut',
    ])
    await set('appendfsync', 'everysec')
    expect(await seen()).toEqual([
      true,
      'everysec',
      'acknowledged writes survive a crash of the server; a power cut may cost the last second',
    ])
    await set('appendonly', 'no')
    expect(await seen()).toEqual([
      false,
      'everysec',
      'none: without appendonly, a crash of the server loses everything since its last snapshot',
    ])
    await set('appendonly', 'yes')
  })

  test('the README names the commands that the scripts use, and no others', () => {
    expect(COMMANDS.toSorted()).toEqual(['eval', 'evalsha', ...USED.map((name) => name.toLowerCase())].sort())
  })

  test('a user with the rights that the README names can use everything; health() says what is not known', async () => {
    const url = server.url.replace('redis://', 'redis://someone:se-cret@')
    await using(
      async (storage) => {
        const health = await storage.health()
        expect([health.ok, health.details['appendFsync']]).toEqual([true, 'unknown'])
        await storage.atomically((batch) => {
          batch.agentRegistry.upsertAgent({
            agentId: 'a',
            contractJson: '{}',
            priority: 1,
            status: 'ACTIVE',
            agentVersion: null,
            sessionToken: null,
          })
          batch.context.setSession('f', '{}')
          batch.idempotency.set('k', {})
          batch.decisionAudit.record('f', 'e')
          batch.saga.markDirty('f', 's', '{}')
          batch.resourceLock.acquire('f', { r: 1 }, 0, { leaseSec: 60 })
          batch.intentRetry.increment('f')
          batch.escalation.recordBudgetToken('a')
          batch.lifecycle.transition('f', null, 'NEW')
        })
        await storage.idempotency.claim('c', { leaseSec: 60, dfid: 'f' })
        const { agentRegistry, decisionAudit, escalation, idempotency, lifecycle, resourceLock, saga } =
          storage
        for (const list of [
          agentRegistry.listAgents({ status: 'ACTIVE' }),
          decisionAudit.events({ dfid: 'f' }),
          decisionAudit.events({ dfid: 'f', newestFirst: true }),
          decisionAudit.events({ newestFirst: true }),
          idempotency.listClaims(),
          lifecycle.listFlows(),
          lifecycle.listFlows({ status: 'NEW' }),
          resourceLock.listHolds(),
          saga.listDirtyFlows(),
        ])
          expect(await Array.fromAsync<unknown>(list)).toHaveLength(1)
        expect(await Array.fromAsync(escalation.listRequests({ agentId: 'a' }))).toEqual([])
        await storage.resourceLock.renew('f', 60)
        await storage.resourceLock.release('f')
        await storage.saga.clearDirty('f')
        expect(await storage.escalation.getWindowCount('a', '2026-01-01')).toBe(1)
        const records = await Array.fromAsync(storage.exportRecords())
        await dropNamespace({ url, namespace: 'settings' })
        await storage.importRecords(records)
        expect(await Array.fromAsync(storage.exportRecords())).toEqual(records)
        await storage.lifecycle.recordTransition('old', null, 'DONE')
        await storage.decisionAudit.recordMany([
          { dfid: 'old', event: 'e' },
          { dfid: 'last', event: 'e' },
        ])
        expect(await pruned(storage)).toEqual({
          decisionAudit: 1,
          escalation: 1,
          idempotency: 1,
          lifecycle: 1,
        })
        await dropNamespace({ url, namespace: 'settings' })
      },
      { url },
    )
  })

  test('wrong credentials are refused at once, and no error shows them', async () => {
    const url = server.url.replace('redis://', 'redis://someone:wr0ng-passw0rd@')
    const start = performance.now()
    const error = await using((storage) => storage.init().catch((reason: unknown) => reason), { url })
    expect(performance.now() - start).toBeLessThan(900)
    expect((error as { code?: unknown }).code).toBe('STORAGE_AUTH')
    expect(`${String(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`).not.toContain(
      'passw0rd',
    )
  })

  test('a password that changes under a running handle is told at once, with the next connection', async () => {
    const url = server.url.replace('redis://', 'redis://someone:se-cret@')
    await using(
      async (storage) => {
        expect(await storage.context.getState('a')).toBeNull()
        await redisCommand(server.url, 'ACL', 'SETUSER', 'someone', 'resetpass', '>other')
        await redisCommand(server.url, 'CLIENT', 'KILL', 'USER', 'someone')
        const refused = { code: 'STORAGE_AUTH', outcome: 'not-applied', retryable: false }
        expect(await failureOf(storage.context.getState('a'))).toEqual(refused)
        expect(await failureOf(storage.context.setState('a', '1'))).toEqual(refused)
        await redisCommand(server.url, 'ACL', 'SETUSER', 'someone', 'resetpass', '>se-cret')
        await storage.context.setState('a', '1')
        expect(await storage.context.getState('a')).toBe('1')
      },
      { url, operationTimeoutMs: 3_000 },
    )
  })

  test('a replica is refused, and one that a primary became meanwhile is ReadOnlyError', async () => {
    await using(async (storage) => {
      await storage.init()
      await redisCommand(server.url, 'REPLICAOF', '127.0.0.1', '1')
      expect(await failureOf(storage.context.setState('a', '1'))).toEqual({
        code: 'STORAGE_READ_ONLY',
        outcome: 'not-applied',
        retryable: true,
      })
      const other = await using((replica) => failureOf(replica.init()))
      expect(other).toEqual({ code: 'STORAGE_CONFIGURATION', outcome: 'not-applied', retryable: false })
      await redisCommand(server.url, 'REPLICAOF', 'NO', 'ONE')
      await storage.context.setState('a', '2')
      expect(await storage.context.getState('a')).toBe('2')
    })
  })

  test('where no memory is left, writes are refused whole, each for itself, and what frees memory goes through', async () => {
    await using(async (storage) => {
      await storage.resourceLock.acquire('flow', { r: 1 }, 0)
      await storage.saga.markDirty('flow', 'step', '{}')
      await storage.lifecycle.recordTransition('old', null, 'DONE')
      await storage.idempotency.set('old', {})
      await set('maxmemory', '1mb')
      const outcomes = await Promise.all([
        failureOf(storage.context.setSession('s', '1')),
        storage.resourceLock.release('flow'),
        failureOf(
          storage.atomically((batch) => {
            batch.decisionAudit.record('flow', 'e')
            batch.saga.clearDirty('flow')
          }),
        ),
        storage.saga.clearDirty('flow'),
        pruned(storage),
      ])
      await set('maxmemory', '0')
      const full = { code: 'STORAGE_FULL', outcome: 'not-applied', retryable: false }
      expect(outcomes).toEqual([full, undefined, full, undefined, { idempotency: 1, lifecycle: 1 }])
      expect(await storage.resourceLock.getHolds()).toEqual([])
      expect(await storage.saga.getDirtyFlows()).toEqual([])
      expect(await storage.context.getSession('s')).toBeNull()
      expect(await storage.decisionAudit.allEventsChronological()).toEqual([])
    })
  })

  test('a key of another type is told before anything is written, and concerns its protocol only', async () => {
    await redisCommand(server.url, 'SET', '{settings}:events_by_flow', 'foreign')
    await using(async (storage) => {
      const outcomes = await Promise.all([
        failureOf(storage.decisionAudit.record('f', 'e')),
        storage.intentRetry.increment('f'),
      ])
      const stored = { code: 'STORAGE_STORED_DATA', outcome: 'not-applied', retryable: false }
      expect(outcomes).toEqual([stored, 1])
      expect(await redisCommand(server.url, 'EXISTS', '{settings}:events')).toBe('0')
    })
    await redisCommand(server.url, 'DEL', '{settings}:events_by_flow')
  })

  test('a record that is not ours is StoredDataError', async () => {
    await redisCommand(server.url, 'HSET', '{settings}:session', 'flow', '\u{1}garbage\u{1f600}')
    await using(async (storage) => {
      expect((await failureOf(storage.context.getSession('flow'))).code).toBe('STORAGE_STORED_DATA')
      expect((await failureOf(storage.context.compareAndSetSession('flow', null, '1'))).code).toBe(
        'STORAGE_STORED_DATA',
      )
    })
  })

  test('a newer schema is refused by init and by every write', async () => {
    await using(async (storage) => {
      await storage.init()
      await redisCommand(server.url, 'HSET', '{settings}:meta', 'version', String(SCHEMA_VERSION + 1))
      const schema = { code: 'STORAGE_SCHEMA', outcome: 'not-applied', retryable: false }
      expect(await failureOf(storage.context.setState('a', '1'))).toEqual(schema)
      expect(await using((newer) => failureOf(newer.init()))).toEqual(schema)
      await redisCommand(server.url, 'HSET', '{settings}:meta', 'version', String(SCHEMA_VERSION))
    })
  })
})
