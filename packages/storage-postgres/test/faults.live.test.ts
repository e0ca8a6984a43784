import { randomBytes } from 'node:crypto'
import { type StorageHandle, TimeoutError, isStorageError } from '@dir/storage-core'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { meanwhile } from '../../../scripts/servers/meanwhile.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { newName } from './databases.ts'
import { proxyTo } from './proxy.ts'

const TIMEOUT_MS = 1_000

/** How a call ended: its answer, or its error's code and outcome; and never later than its deadline. */
async function ending(call: Promise<unknown>, deadlineMs = TIMEOUT_MS): Promise<unknown> {
  const start = performance.now()
  const answer = await call.then(
    (value) => ({ value }),
    (error: unknown) => {
      if (error instanceof TimeoutError && error.elapsedMs < 1) return error.message // what was waited stands there
      return isStorageError(error) ? `${error.code} ${error.outcome}` : error
    },
  )
  expect(performance.now() - start).toBeLessThan(deadlineMs + 400)
  return answer
}

withOwnServer('postgres', () => {
  let server: Server
  beforeAll(async () => {
    server = await start('postgres')
  }, 60_000)
  afterAll(() => server.stop())

  const open = (url = server.url, namespace = `t${randomBytes(6).toString('hex')}`): StorageHandle =>
    postgresStorage({ url, namespace, operationTimeoutMs: TIMEOUT_MS })

  async function observe(sql: string): Promise<unknown[]> {
    const client = new Client({ connectionString: server.url })
    await client.connect()
    const { rows } = await client.query<Record<string, unknown>>(sql)
    await client.end()
    return rows
  }

  const calls = (storage: StorageHandle): Record<string, () => Promise<unknown>> => ({
    read: () => storage.context.getSession('f'),
    list: () => storage.saga.getDirtyFlows(),
    set: () => storage.context.setSession('f', '{}'),
    mark: () => storage.saga.markDirty('f', 's', '{}'),
    event: () => storage.decisionAudit.record('f', 'e'),
    acquire: () => storage.resourceLock.acquire('f', { r: 1 }, 0, { capacities: { r: 1 } }),
    batch: () => storage.atomically((batch) => batch.resourceLock.acquire('g', { q: 1 }, 0)),
  })

  test('a server that is not there refuses each call at once, and the handle works once it is', async () => {
    await server.kill9()
    const storage = open()
    for (const call of Object.values(calls(storage)))
      expect(await ending(call())).toBe('STORAGE_UNAVAILABLE not-applied')
    await server.restart()
    expect(await ending(storage.decisionAudit.record('f', 'e'), 5_000)).toEqual({ value: 1 })
    await storage.close()
  })

  test('a stopped server: every call ends in time, no lock appears afterwards, and the handle works again', async () => {
    const storage = open()
    await Promise.all(Array.from({ length: 8 }, () => storage.saga.getDirtyFlows())) // as many connections
    server.pause()
    const endings = await Promise.all(
      Object.entries(calls(storage)).map(async ([name, call]) => [name, await ending(call())]),
    )
    server.resume()
    expect(Object.fromEntries(endings)).toEqual({
      read: 'STORAGE_TIMEOUT not-applied',
      list: 'STORAGE_TIMEOUT not-applied',
      set: 'STORAGE_TIMEOUT unknown',
      mark: 'STORAGE_TIMEOUT unknown',
      event: 'STORAGE_TIMEOUT unknown',
      acquire: 'STORAGE_TIMEOUT unknown',
      batch: 'STORAGE_TIMEOUT unknown',
    })
    await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS))
    expect(await storage.resourceLock.getHolds()).toEqual([])
    expect(await ending(storage.saga.markDirty('g', 's', '{}'))).toEqual({ value: undefined })
    await storage.close()
  })

  test('a killed server ends what is under way honestly, nothing acknowledged is lost, and later calls work', async () => {
    const storage = open()
    const acknowledged: number[] = []
    const codes = new Set<string>()
    const write = async (): Promise<void> => {
      try {
        acknowledged.push(await storage.decisionAudit.record('f', 'e'))
      } catch (error) {
        if (!isStorageError(error)) throw error
        codes.add(error.code)
      }
    }
    await storage.init()
    await meanwhile(8, write, async () => {
      for (let kill = 0; kill < 3; kill++) {
        await new Promise((resolve) => setTimeout(resolve, 300))
        await server.kill9()
        await server.restart()
      }
      await new Promise((resolve) => setTimeout(resolve, 500))
    })
    // a server that starts is waited for, until the deadline; what was under way is asked for again
    for (const code of ['STORAGE_TIMEOUT', 'STORAGE_UNAVAILABLE']) codes.delete(code)
    expect([...codes]).toEqual([])
    const events = await storage.decisionAudit.eventsForDfid('f')
    const there = new Set(events.map(({ seq }) => seq))
    expect(acknowledged.filter((seq) => !there.has(seq))).toEqual([])
    expect(acknowledged.length).toBeGreaterThan(0)
    await storage.close()
  }, 30_000)

  test('killed connections, idle or at work, neither end the process nor keep later calls from working', async () => {
    const storage = open()
    await storage.init()
    const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dir-storage'`
    for (let round = 0; round < 5; round++) {
      const working = Array.from({ length: 16 }, (_, index) =>
        ending(storage.resourceLock.acquire(`f${index}`, { r: 1 }, 0)),
      )
      await observe(kill)
      for (const end of await Promise.all(working))
        expect(typeof end === 'string' ? end.replace(/[^ ]*$/, '') : Object.keys(end as object)).toEqual(
          typeof end === 'string' ? 'STORAGE_UNAVAILABLE ' : ['value'],
        )
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await ending(storage.intentRetry.increment('f'))).toEqual({ value: 1 })
    await storage.close()
  })

  test('a connection that dies in the very packet that says that it is ready does not end the process', async () => {
    const proxy = await proxyTo(server.url)
    const storage = open(proxy.url)
    for (let round = 0; round < 3; round++) {
      proxy.fault = { does: 'die', at: 'dir-storage' }
      const end = await ending(storage.init())
      expect(end).toEqual(typeof end === 'string' ? 'STORAGE_UNAVAILABLE not-applied' : { value: undefined })
    }
    await storage.close()
    await proxy.close()
  })

  test.each(['cut', 'mute'] as const)(
    'a write whose reply is lost is asked for again, and was made once: %s',
    async (does) => {
      const proxy = await proxyTo(server.url)
      const storage = postgresStorage({ url: proxy.url, namespace: newName(), operationTimeoutMs: 4_000 })
      await storage.init()
      const losing = async (at: string, call: () => Promise<unknown>): Promise<unknown> => {
        proxy.fault = { does, at }
        const end = await ending(call(), 4_000)
        expect(proxy.fault).toBe(null)
        return end
      }
      expect(await losing('recordMany', () => storage.decisionAudit.record('f', 'e'))).toEqual({ value: 1 })
      expect(await losing('increment', () => storage.intentRetry.increment('f'))).toEqual({ value: 1 })
      expect(await losing('acquire', () => storage.resourceLock.acquire('f', { r: 1 }, 0))).toEqual({
        value: { fence: 1, expiresAt: null },
      })
      expect(await losing('markDirty', () => storage.saga.markDirty('f', 's', '{}'))).toEqual({
        value: undefined,
      })
      const batch = (): Promise<unknown> =>
        storage.atomically(({ intentRetry }) => intentRetry.increment('f'))
      expect(await losing('increment', batch)).toEqual({ value: [2] })
      expect(await storage.decisionAudit.eventsForDfid('f')).toHaveLength(1)
      expect(await storage.intentRetry.getCount('f')).toBe(2)
      await storage.close()
      await proxy.close()
    },
    30_000,
  )

  test('close ends in time while the server hangs, and says what is not known', async () => {
    const storage = postgresStorage({
      url: server.url,
      namespace: `t${randomBytes(6).toString('hex')}`,
      operationTimeoutMs: 60_000,
    })
    await storage.init()
    server.pause()
    const event = ending(storage.decisionAudit.record('f', 'e'), 6_000)
    const set = ending(storage.context.setSession('f', '{}'), 6_000)
    await new Promise((resolve) => setTimeout(resolve, 50))
    await ending(storage.close(), 6_000)
    expect(await event).toBe('STORAGE_CLOSED unknown')
    expect(await set).toBe('STORAGE_CLOSED unknown')
    server.resume()
  }, 15_000)
})
