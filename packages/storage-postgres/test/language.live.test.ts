import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { sql } from './databases.ts'
import { type Proxy, proxyTo } from './proxy.ts'

// Servers speak their operator's language, and translate even the severity of their errors.
withOwnServer('postgres', () => {
  let server: Server
  let proxy: Proxy
  beforeAll(async () => {
    const settings = { max_connections: '20', max_locks_per_transaction: '10' }
    server = await start('postgres', { settings })
    proxy = await proxyTo(server.url)
    proxy.isForeign = true
  }, 60_000)
  afterAll(async () => {
    await proxy.close()
    await server.stop()
  })

  test('statements prepared on live connections survive a change of the tables, in any language', async () => {
    const storage = postgresStorage({ url: proxy.url, poolSize: 3 })
    const read = (): Promise<unknown[]> =>
      Promise.all([1, 2, 3].map(() => storage.agentRegistry.getAgent('nobody')))
    await read()
    await sql(server.url, 'ALTER TABLE dir_storage.agent_registry ADD COLUMN theirs INTEGER')
    expect(await read()).toEqual([null, null, null])
    await storage.close()
  })

  test('a refusal is known as one, in any language, and the connection goes on', async () => {
    const storage = postgresStorage({ url: proxy.url, poolSize: 1 })
    await storage.init()
    const pids = (): Promise<unknown> =>
      sql(server.url, `SELECT pid FROM pg_stat_activity WHERE application_name = 'dir-storage'`)
    const before = await pids()
    await sql(server.url, 'ALTER TABLE dir_storage.intent_retry ADD CHECK (count < 1)')
    expect(await failureOf(storage.intentRetry.increment('f'))).toEqual({
      code: 'STORAGE_SCHEMA',
      outcome: 'not-applied',
      retryable: false,
    })
    expect(await pids()).toEqual(before)
    await storage.close()
  })

  test('a flow that holds more than the server can lock one by one is released', async () => {
    const storage = postgresStorage({ url: proxy.url })
    const ids = Array.from({ length: 8_000 }, (_, index) => `r${index}`)
    for (let from = 0; from < ids.length; from += 1_000) {
      const some = ids.slice(from, from + 1_000)
      await storage.resourceLock.acquire('f', Object.fromEntries(some.map((id) => [id, 1])), 5)
    }
    await Promise.all([storage.resourceLock.release('f'), storage.context.setSession('g', '0')])
    expect(await storage.resourceLock.getHolds()).toEqual([])
    await storage.close()
  })

  test('a full table of locks is waited for, in any language', async () => {
    const storage = postgresStorage({ url: proxy.url, operationTimeoutMs: 1_000 })
    await storage.init()
    const greedy = new Client({ connectionString: server.url })
    await greedy.connect()
    const all = greedy.query('SELECT pg_advisory_lock(n) FROM generate_series(1, 1000000) AS n')
    const full = (error: object): unknown => Reflect.get(error, 'code')
    expect(await all.then(() => null, full)).toBe('53200')
    const acquire = (): Promise<unknown> => storage.resourceLock.acquire('f', { r: 1 }, 1)
    expect(await failureOf(acquire())).toEqual({
      code: 'STORAGE_RESOURCE_CONTENTION',
      outcome: 'not-applied',
      retryable: true,
    })
    const waiting = acquire()
    await greedy.end()
    expect(await waiting).not.toBe(null)
    await storage.close()
  })
})
