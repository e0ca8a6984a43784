import { readFileSync } from 'node:fs'
import { hash } from 'node:crypto'
import type { StorageHandle } from '@dir/storage-core'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { commitFunction } from '../src/commit-function.ts'
import { SCHEMA_VERSION, dropNamespace, postgresSchema, postgresStorage } from '../src/index.ts'
import { sql, withDatabase } from './databases.ts'

const versionOne = readFileSync(new URL('fixtures/version-1.sql', import.meta.url), 'utf8')

async function exported(storage: StorageHandle): Promise<unknown[]> {
  return Array.fromAsync(storage.exportRecords())
}

const FUNCTION_OF_2 = '30681c3ae1670698b41f1597909b37413fad5bb449d3aa8658d6ec235184a5b2'

const TABLES = `SELECT relname, relkind, (SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
  FROM pg_class AS c WHERE relnamespace = 'dir_storage'::REGNAMESPACE ORDER BY relname`

test('another function needs another version of the schema: stores have the one that was made with theirs', () => {
  // whoever changes the function adds a step to schema.ts, and then this
  expect([SCHEMA_VERSION, hash('sha256', commitFunction('dir_storage'))]).toEqual([2, FUNCTION_OF_2])
})

withServer('postgres', (server) => {
  test.each([
    ['init', async () => {}],
    ['the printed statements', (url: string) => sql(url, postgresSchema('dir_storage', 1))],
  ])(
    'a store of version 1 is brought to the current one by %s, with all that is in it',
    async (_, prepare) => {
      await withDatabase(server, versionOne, async (url) => {
        await prepare(url)
        const handles = Array.from({ length: 8 }, () => postgresStorage({ url, poolSize: 2 }))
        await Promise.all(handles.map((handle) => handle.init()))
        const storage = handles[0] as StorageHandle
        const {
          agentRegistry,
          context,
          idempotency,
          saga,
          resourceLock,
          intentRetry,
          escalation,
          lifecycle,
        } = storage
        const records = await exported(storage)
        expect(records).toMatchSnapshot()
        expect(await agentRegistry.getStatus('agent-2')).toEqual({
          status: 'SUSPENDED',
          suspensionReason: "it's late",
        })
        expect(await context.getState('agent-1')).toBe('{"é": "\\ud83d\\ude00"}')
        expect((await idempotency.claim('key-3', { leaseSec: 1 })).state).toBe('ambiguous')
        expect(await saga.getDirtyFlows()).toEqual(['flow-2', 'flow-1'])
        expect((await escalation.getPendingRequests()).map(({ dfid }) => dfid)).toEqual(['flow-2', 'flow-1'])
        expect(await escalation.getWindowCount('agent-1', '2020-01-01T00:00:00Z')).toBe(2)

        // expired holds count no more, and the sums are exact
        expect(await resourceLock.getLockedAmount('cash', null)).toBe(7.000001)
        expect(await resourceLock.getLockedAmount('silver', null)).toBe(9_007_199_254)
        const capacities = { cash: 10, gold: 100 }
        await expect(
          resourceLock.acquire('flow-9', { cash: 3 }, 1, { capacities: { cash: 10 } }),
        ).rejects.toMatchObject({ code: 'STORAGE_INSUFFICIENT_CAPACITY' })
        expect(await resourceLock.acquire('flow-9', { cash: 2, gold: 87.5 }, 1, { capacities })).toEqual({
          fence: 5,
          expiresAt: null,
        })
        await resourceLock.release('flow-1')
        expect(await resourceLock.getLockedAmount('cash', null)).toBe(9)
        expect(await resourceLock.getLockedAmount('gold', 'flow-9')).toBe(0)

        expect(await storage.decisionAudit.record('flow-1', 'after')).toBe(5)
        expect(await intentRetry.increment('flow-1')).toBe(42)
        expect(await lifecycle.transition('flow-1', 'DONE', 'AGAIN')).toBe(true)
        await Promise.all(handles.map((handle) => handle.close()))

        const migrated = await sql(url, TABLES)
        await dropNamespace({ url })
        expect(await sql(url, `SELECT 1 FROM pg_namespace WHERE nspname = 'dir_storage'`)).toEqual([])
        await sql(url, postgresSchema())
        expect(await sql(url, TABLES)).toEqual(migrated)
      })
    },
    120_000,
  )

  test('a process that still writes as version 1 did leaves the sums right', async () => {
    await withDatabase(server, versionOne, async (url) => {
      await using storage = postgresStorage(url)
      await storage.init()
      await sql(
        url,
        `INSERT INTO dir_storage.resource_locks VALUES ('old-1', 'iron', 1000000, now(), NULL, 100),
          ('old-2', 'iron', 2000000, now(), NULL, 101);
        UPDATE dir_storage.resource_locks SET micros = 5000000 WHERE dfid = 'old-1';
        INSERT INTO dir_storage.resource_locks VALUES ('old-2', 'iron', 1000000, now(), NULL, 102)
          ON CONFLICT (dfid, resource_id) DO UPDATE SET micros = EXCLUDED.micros;
        DELETE FROM dir_storage.resource_locks WHERE dfid = 'old-2'`,
      )
      expect(await storage.resourceLock.getLockedAmount('iron', null)).toBe(5)
      await expect(
        storage.resourceLock.acquire('new', { iron: 2 }, 1, { capacities: { iron: 6 } }),
      ).rejects.toMatchObject({ code: 'STORAGE_INSUFFICIENT_CAPACITY', locked: 5 })
    })
  })

  test('a store of a newer version says which package it needs', async () => {
    await withDatabase(server, postgresSchema(), async (url) => {
      await sql(
        url,
        `UPDATE dir_storage.meta SET value = 99, needs = '@dir/storage-postgres 7.0.0' WHERE name = 'schema_version'`,
      )
      const storage = postgresStorage(url)
      await expect(storage.init()).rejects.toMatchObject({
        code: 'STORAGE_SCHEMA',
        message: expect.stringContaining('@dir/storage-postgres 7.0.0 or later'),
      })
      await storage.close()
    })
  })
})
