import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type StorageHandle, isStorageError } from '@dir/storage-core'
import { Pool, type PoolClient } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, postgresStorage } from '../src/index.ts'
import { newName, sql, withDatabase } from './databases.ts'
import { proxyTo } from './proxy.ts'

const ending = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (isStorageError(error) ? `${error.code} ${error.outcome}` : error))

withOwnServer('postgres', () => {
  let server: Server
  beforeAll(async () => {
    server = await start('postgres', {
      settings: { max_connections: '8', superuser_reserved_connections: '0' },
    })
  }, 60_000)
  afterAll(() => server.stop())

  test('many handles on one small pool begin together, and nobody is warned of a leak', async () => {
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listen)
    const namespace = newName()
    const pool = new Pool({ connectionString: server.url, max: 2 })
    const handles = Array.from({ length: 20 }, () => postgresStorage({ pool, namespace }))
    await Promise.all(handles.map((handle) => handle.init()))
    expect((await handles[0]?.health())?.details['locksProved']).toBe('by two connections')
    await Promise.all(handles.map((handle) => handle.decisionAudit.record('f', 'e')))
    await Promise.all(handles.map((handle) => handle.close()))
    expect(pool.listenerCount('error')).toBe(0)
    await dropNamespace({ pool, namespace })
    await pool.end()
    process.off('warning', listen)
    expect(warnings).toEqual([])
  })

  test('pools that want more connections than the server has wait for one another', async () => {
    const namespace = newName()
    const handles = [1, 2, 3].map(() =>
      postgresStorage({ url: server.url, namespace, operationTimeoutMs: 10_000 }),
    )
    const work = (storage: StorageHandle, index: number): Promise<unknown> =>
      storage.context.setSession(`f${index}`, JSON.stringify(index))
    for (let round = 0; round < 3; round++)
      await Promise.all(
        handles.flatMap((handle) => Array.from({ length: 100 }, (_, index) => work(handle, index))),
      )
    await Promise.all(handles.map((handle) => handle.close()))
    await dropNamespace({ url: server.url, namespace })
  })

  test('a full server is named as such, once the deadline is over', async () => {
    const others = new Pool({ connectionString: server.url, max: 8 })
    // the server may not have ended yet what was closed before
    const connect = async (): Promise<PoolClient> => {
      for (;;)
        try {
          return await others.connect()
        } catch (error) {
          if ((error as { readonly code?: string }).code !== '53300') throw error
          await sleep(10)
        }
    }
    const clients = await Promise.all(Array.from({ length: 8 }, connect))
    const storage = postgresStorage({ url: server.url, operationTimeoutMs: 500 })
    expect(await failureOf(storage.init(), 'message', 'cause')).toEqual({
      code: 'STORAGE_UNAVAILABLE',
      outcome: 'not-applied',
      retryable: true,
      message: expect.stringContaining('max_connections'),
      cause: expect.objectContaining({ code: '53300' }),
    })
    for (const client of clients) client.release()
    await others.end()
    await storage.close()
  })

  test('close ends those who wait for a connection, and nobody waits on', async () => {
    const namespace = newName()
    const pool = new Pool({ connectionString: server.url, max: 1 })
    const storage = postgresStorage({ pool, namespace, operationTimeoutMs: 60_000 })
    await storage.init()
    const client = await pool.connect()
    const settled: Record<string, unknown> = {}
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      read: () => storage.context.getSession('f'),
      set: () => storage.context.setSession('f', '{}'),
      acquire: () => storage.resourceLock.acquire('f', { r: 1 }, 50),
      mark: () => storage.saga.markDirty('f', 's', '{}'),
      event: () => storage.decisionAudit.record('f', 'e'),
      batch: () => storage.atomically((batch) => batch.intentRetry.increment('f')),
    }
    for (const [name, call] of Object.entries(calls)) void ending(call()).then((end) => (settled[name] = end))
    await storage.close()
    await new Promise(setImmediate)
    expect(settled).toEqual(
      Object.fromEntries(Object.keys(calls).map((name) => [name, 'STORAGE_CLOSED not-applied'])),
    )
    client.release()
    await dropNamespace({ pool, namespace })
    await pool.end()
  }, 20_000)

  test('a proof of the locks that was interrupted proves nothing against them', async () => {
    const proxy = await proxyTo(server.url)
    const namespace = newName()
    const storage = postgresStorage({ url: proxy.url, namespace })
    proxy.fault = { does: 'others', at: 'pg_try_advisory_xact_lock' }
    expect(await ending(storage.init())).toBe('STORAGE_UNAVAILABLE not-applied')
    await storage.init()
    await storage.close()
    for (const operationTimeoutMs of [1, 3, 10, 20, 40]) {
      const hasty = postgresStorage({ url: proxy.url, namespace, operationTimeoutMs })
      const end = await ending(hasty.init())
      expect(String(end)).not.toContain('CONFIGURATION')
      await hasty.close()
    }
    await proxy.close()
    await dropNamespace({ url: server.url, namespace })
  })

  test('tables of which a role sees only some rows are refused', async () => {
    await withDatabase(server.url, '', async (url) => {
      const owner = postgresStorage(url)
      await owner.init()
      await owner.close()
      const role = newName()
      await sql(
        url,
        `CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA dir_storage TO ${role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA dir_storage TO ${role};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA dir_storage TO ${role};
        ALTER TABLE dir_storage.resource_locks ENABLE ROW LEVEL SECURITY;
        CREATE POLICY own ON dir_storage.resource_locks USING (dfid LIKE 'own%')`,
      )
      const theirs = new URL(url)
      theirs.username = role
      const storage = postgresStorage(theirs.href)
      const hidden = {
        code: 'STORAGE_CONFIGURATION',
        outcome: 'not-applied',
        retryable: false,
        setting: 'row security',
      }
      expect(await failureOf(storage.init(), 'setting', 'found')).toEqual({
        ...hidden,
        found: 'active on resource_locks',
      })
      await sql(url, 'ALTER TABLE dir_storage.resource_locks DISABLE ROW LEVEL SECURITY')
      await storage.init()
      for (const table of ['budget_counts', 'kept_answers', 'resource_totals'])
        await sql(url, `ALTER TABLE dir_storage.${table} ENABLE ROW LEVEL SECURITY`)
      const { ok, details } = await storage.health()
      expect([ok, details['code']]).toEqual([false, 'STORAGE_CONFIGURATION'])
      await storage.close()
      expect(await failureOf(postgresStorage(theirs.href).init(), 'setting', 'found')).toEqual({
        ...hidden,
        found: 'active on budget_counts, kept_answers, resource_totals',
      })
      const bypassing = postgresStorage(url)
      await bypassing.init()
      await bypassing.close()
      await sql(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`)
    })
  })

  test('a URL may name the folder of a socket', async () => {
    const namespace = newName()
    const url = `postgresql://postgres:@/postgres?host=${encodeURIComponent(path.resolve(server.dir))}&port=${server.port}`
    const storage = postgresStorage({ url, namespace })
    expect(await storage.intentRetry.increment('f')).toBe(1)
    await storage.close()
    await dropNamespace({ url, namespace })
  })
})
