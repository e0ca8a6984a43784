import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { StorageHandle } from '@dir/storage-core'
import { type Server, redisCommand, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { type LossyProxy, startLossyProxy } from './lossy-proxy.ts'

// Connections that answer, but lead to a server, a database or a role that is not the one to ask.

const namespace = 'wrong_server'

withOwnServer('redis', () => {
  let server: Server
  let other: Server
  let proxy: LossyProxy
  const handles: StorageHandle[] = []

  beforeAll(async () => {
    server = await start('redis')
    other = await start('redis', { settings: { databases: '4' } })
  })
  afterAll(() => Promise.all([server.stop(), other.stop()]))
  beforeEach(async () => {
    proxy = await startLossyProxy(server.url)
  })
  afterEach(async () => {
    await Promise.all(handles.splice(0).map((handle) => handle.close()))
    await proxy.close()
    for (const { url } of [server, other]) {
      await redisCommand(url, 'REPLICAOF', 'NO', 'ONE')
      await redisCommand(url, 'FLUSHALL')
    }
  })

  function open(url: string, operationTimeoutMs = 1_000): StorageHandle {
    const storage = redisStorage({ url, namespace, operationTimeoutMs })
    handles.push(storage)
    return storage
  }

  test('a database that the next server does not have: nothing is written into another', async () => {
    const storage = open(`${proxy.url}/5`)
    expect(await storage.decisionAudit.record('f', 'one')).toBe(1)
    proxy.leadTo(other.url)
    const refused = { code: 'STORAGE_CONFIGURATION', outcome: 'not-applied', retryable: false }
    // the first may have been on its way when the connection ended
    expect((await failureOf(storage.decisionAudit.record('f', 'two'))).code).toBe(refused.code)
    expect(await failureOf(storage.decisionAudit.record('f', 'two'))).toEqual(refused)
    expect(await failureOf(storage.decisionAudit.allEventsChronological())).toEqual(refused)
    expect(await redisCommand(other.url, 'DBSIZE')).toBe('0')
    proxy.leadTo(server.url)
    expect(await storage.decisionAudit.record('f', 'two')).toBe(2)
    expect(await redisCommand(server.url, 'DBSIZE')).toBe('0')
  })

  test('a server that has another store of that name, or none: nothing is written, and nothing is answered from there', async () => {
    const storage = open(proxy.url)
    await storage.resourceLock.acquire('f', { r: 1 }, 0)
    const refused = { code: 'STORAGE_SCHEMA', outcome: 'not-applied', retryable: false }
    for (const prepare of [async () => {}, () => open(other.url).init()]) {
      await prepare()
      proxy.leadTo(other.url)
      expect((await failureOf(storage.resourceLock.acquire('g', { r: 1 }, 0))).code).toBe(refused.code)
      expect(await failureOf(storage.resourceLock.acquire('g', { r: 1 }, 0))).toEqual(refused)
      expect(await failureOf(storage.resourceLock.getHolds())).toEqual(refused)
      expect((await storage.health()).ok).toBe(false)
      proxy.leadTo(server.url)
      expect(await storage.resourceLock.getHolds()).toHaveLength(1)
      expect((await storage.health()).ok).toBe(true)
    }
    expect(await redisCommand(other.url, 'HLEN', `{${namespace}}:holds`)).toBe('0')
  })

  test('a server that lost its data is not written on as if nothing had been; a new handle begins anew', async () => {
    const storage = open(server.url)
    expect((await storage.resourceLock.acquire('f', { r: 1 }, 0))?.fence).toBe(1)
    await redisCommand(server.url, 'FLUSHALL')
    expect((await failureOf(storage.resourceLock.acquire('f', { r: 1 }, 0))).code).toBe('STORAGE_SCHEMA')
    expect(await redisCommand(server.url, 'DBSIZE')).toBe('0')
    expect((await open(server.url).resourceLock.acquire('f', { r: 1 }, 0))?.fence).toBe(1)
    await dropNamespace({ url: server.url, namespace })
  })

  test('a primary that became a replica: it is not asked any more, and the calls go to the next one', async () => {
    const storage = open(proxy.url, 3_000)
    expect(await storage.decisionAudit.record('f', 'one')).toBe(1)
    const { port } = new URL(server.url)
    await redisCommand(other.url, 'REPLICAOF', '127.0.0.1', port)
    while (!(await redisCommand(other.url, 'INFO', 'replication')).includes('master_link_status:up'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    await redisCommand(other.url, 'REPLICAOF', 'NO', 'ONE')
    await redisCommand(server.url, 'REPLICAOF', '127.0.0.1', new URL(other.url).port)
    const calls = [storage.decisionAudit.record('f', 'two'), storage.decisionAudit.allEventsChronological()]
    const quick = open(server.url, 500)
    expect((await failureOf(quick.init())).code).toBe('STORAGE_CONFIGURATION')
    proxy.leadTo(other.url)
    const [seq, events] = await Promise.all(calls)
    expect(seq).toBe(2)
    expect(events).toHaveLength(2)
  })

  test('a read is not answered by a replica', async () => {
    const storage = open(server.url)
    await storage.context.setState('a', '1')
    await redisCommand(server.url, 'REPLICAOF', '127.0.0.1', '1')
    await redisCommand(server.url, 'CONFIG', 'SET', 'replica-serve-stale-data', 'yes')
    const refused = { code: 'STORAGE_READ_ONLY', outcome: 'not-applied', retryable: true }
    expect(await failureOf(storage.context.getState('a'))).toEqual(refused)
    await redisCommand(server.url, 'REPLICAOF', 'NO', 'ONE')
    expect(await storage.context.getState('a')).toBe('1')
  })
})
