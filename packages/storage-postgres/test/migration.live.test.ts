import { readFileSync } from 'node:fs'
import { hash } from 'node:crypto'
import type { FlowStatus, StorageHandle } from '@dir/storage-core'
import { expect, test } from 'vitest'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { commitFunction } from '../src/commit-function.ts'
import { LockNames } from '../src/locks.ts'
import { joinFunction } from '../src/join.ts'
import { SCHEMA_VERSION, dropNamespace, postgresSchema, postgresStorage } from '../src/index.ts'
import { STEPS, dropSql } from '../src/schema.ts'
import { toVersion2 } from '../src/schema-version-2.ts'
import { sql, withDatabase } from './databases.ts'

const versionOne = readFileSync(new URL('fixtures/version-1.sql', import.meta.url), 'utf8')

async function exported(storage: StorageHandle): Promise<unknown[]> {
  return Array.fromAsync(storage.exportRecords())
}

const FUNCTIONS_OF_4 = '8ae50f27b5172538d001cd8818a3e169c9c5e83b9b6226cd715905eb8538d63f'

/** What the package of version 2 did to a store of version 1. */
const TO_VERSION_2 = `${toVersion2('"dir_storage".')}
  UPDATE dir_storage.meta SET value = 2, needs = '@dir/storage-postgres 0.1.0' WHERE name = 'schema_version'`

/** A namespace as version 3 made it, without the functions, with some thousand flows. */
const VERSION_3 = `CREATE SCHEMA dir_storage; ${STEPS.slice(0, 3)
  .map((step) => step('"dir_storage".'))
  .join('')}
  INSERT INTO dir_storage.meta (name, value, needs) VALUES ('schema_version', 3, '@dir/storage-postgres 0.1.0');
  INSERT INTO dir_storage.flow_transitions (dfid, to_status)
  SELECT 'flow ' || (i * 37 % 4001), 's' || (i % 5) FROM generate_series(1, 12000) AS i ORDER BY i;
  INSERT INTO dir_storage.flow_status (dfid, status)
  SELECT DISTINCT ON (dfid) dfid, to_status FROM dir_storage.flow_transitions ORDER BY dfid, id DESC`

/** What each version before the fourth did to record that a flow moved. */
const recorded = (dfid: string, to: string): string =>
  `SELECT pg_advisory_xact_lock_shared(${new LockNames('dir_storage').everything});
  INSERT INTO dir_storage.flow_transitions (dfid, to_status) VALUES ('${dfid}', '${to}');
  INSERT INTO dir_storage.flow_status (dfid, status) VALUES ('${dfid}', '${to}')
  ON CONFLICT (dfid) DO UPDATE SET status = EXCLUDED.status`

/** Each flow with its last transition, told by all of them. */
async function lastTransitions({ lifecycle }: StorageHandle): Promise<FlowStatus[]> {
  const last = new Map<string, FlowStatus>()
  for (const { dfid, toStatus, createdAt } of await lifecycle.getTransitions()) {
    last.delete(dfid)
    last.set(dfid, { dfid, status: toStatus, since: createdAt })
  }
  return [...last.values()]
}

const REFUSED = { code: 'STORAGE_INSUFFICIENT_CAPACITY', outcome: 'not-applied', retryable: false } as const
const ROOM = ['resourceId', 'requested', 'locked', 'capacity'] as const

const TABLES = `SELECT relname, relkind, (SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
  FROM pg_class AS c WHERE relnamespace = 'dir_storage'::REGNAMESPACE ORDER BY relname`

test('another function needs another version of the schema: stores have the one that was made with theirs', () => {
  // whoever changes the function adds a step to schema.ts, and then this
  expect([
    SCHEMA_VERSION,
    hash('sha256', commitFunction('dir_storage') + joinFunction('dir_storage')),
  ]).toEqual([4, FUNCTIONS_OF_4])
})

withServer('postgres', (server) => {
  test.each([
    ['init', async () => {}],
    ['the printed statements', (url: string) => sql(url, postgresSchema('dir_storage', 1))],
    ['init, by way of version 2', (url: string) => sql(url, TO_VERSION_2)],
    [
      'the printed statements, by way of version 2',
      async (url: string) => {
        await sql(url, TO_VERSION_2)
        await sql(url, postgresSchema('dir_storage', 2))
      },
    ],
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
        const found = JSON.stringify(records, null, 2)
        await expect(`${found}\n`).toMatchFileSnapshot('fixtures/version-1.records.json')
        expect(await agentRegistry.getStatus('agent-2')).toEqual({
          status: 'SUSPENDED',
          suspensionReason: "it's late",
        })
        expect(await context.getState('agent-1')).toBe('{"é": "\\ud83d\\ude00"}')
        expect((await idempotency.claim('key-3', { leaseSec: 1 })).state).toBe('ambiguous')
        expect(await saga.getDirtyFlows()).toEqual(['flow-2', 'flow-1'])
        expect((await escalation.getPendingRequests()).map(({ dfid }) => dfid)).toEqual(['flow-2', 'flow-1'])
        expect(await escalation.getWindowCount('agent-1', '2020-01-01T00:00:00Z')).toBe(2)
        const requests = await Array.fromAsync(escalation.listRequests())
        expect(requests.map(({ dfid, status, resolvedBy }) => [dfid, status, resolvedBy])).toEqual([
          ['flow-2', 'PENDING', null],
          ['flow-1', 'PENDING', null],
          ['flow-3', 'RESOLVED', null],
        ])
        expect(await Array.fromAsync(lifecycle.listFlows())).toEqual(await lastTransitions(storage))
        await escalation.resolveRequest('flow-1', '2026-03-01', 'YES', null, { resolvedBy: 'reviewer' })
        expect((await escalation.getRequest('flow-1'))?.resolvedBy).toBe('reviewer')

        // expired holds count no more, and the sums are exact
        expect(await resourceLock.getLockedAmount('cash', null)).toBe(7.000001)
        expect(await resourceLock.getLockedAmount('silver', null)).toBe(9_007_199_254)
        const capacities = { cash: 10, gold: 100 }
        const beyond = resourceLock.acquire('flow-9', { cash: 3 }, 1, { capacities: { cash: 10 } })
        expect(await failureOf(beyond, ...ROOM)).toEqual({
          ...REFUSED,
          resourceId: 'cash',
          requested: 3,
          locked: 7.000001,
          capacity: 10,
        })
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
      const beyond = storage.resourceLock.acquire('new', { iron: 2 }, 1, { capacities: { iron: 6 } })
      expect(await failureOf(beyond, ...ROOM)).toEqual({
        ...REFUSED,
        resourceId: 'iron',
        requested: 2,
        locked: 5,
        capacity: 6,
      })
    })
  })

  test('thousands of flows are brought along while processes of version 3 go on, and those are followed', async () => {
    await withDatabase(server, VERSION_3, async (url) => {
      let isDone = false
      const writers = Array.from({ length: 4 }, async (_, writer) => {
        for (let n = 0; !isDone; n++)
          await sql(url, recorded(`flow ${writer * 50 + (n % 50)}`, `late ${n % 3}`))
      })
      const handles = Array.from({ length: 3 }, () => postgresStorage({ url, poolSize: 2 }))
      await Promise.all(handles.map((handle) => handle.init()))
      await sql(url, recorded('new', 'late 0'))
      isDone = true
      await Promise.all(writers)
      const [storage] = handles as [StorageHandle, ...StorageHandle[]]
      const expected = await lastTransitions(storage)
      expect(expected.length).toBeGreaterThan(4_000)
      expect(await Array.fromAsync(storage.lifecycle.listFlows())).toEqual(expected)
      for (const status of ['s1', 'late 0', 'none'])
        expect(await Array.fromAsync(storage.lifecycle.listFlows({ status }))).toEqual(
          expected.filter((one) => one.status === status),
        )
      await sql(
        url,
        `UPDATE dir_storage.flow_transitions SET dfid = 'flow 2', created_at = '2026-03-01' WHERE dfid = 'flow 1' AND to_status = 's1';
        UPDATE dir_storage.flow_transitions SET dfid = 'renamed' WHERE dfid = 'flow 3';
        UPDATE dir_storage.flow_transitions SET dfid = CASE dfid WHEN 'flow 4' THEN 'flow 5' ELSE 'flow 4' END
          WHERE dfid IN ('flow 4', 'flow 5');
        INSERT INTO dir_storage.flow_transitions (id, dfid, to_status) VALUES (-1, 'flow 6', 'earlier');
        DELETE FROM dir_storage.flow_transitions WHERE dfid = 'new' OR to_status = 'late 0'`,
      )
      expect(await Array.fromAsync(storage.lifecycle.listFlows())).toEqual(await lastTransitions(storage))
      await Promise.all(handles.map((handle) => handle.close()))
    })
  })

  test('a namespace that an older version dropped, with what it knew of, can be made anew', async () => {
    await withDatabase(server, postgresSchema(), async (url) => {
      await sql(
        url,
        dropSql('dir_storage').replace('"dir_storage".keep_flows, "dir_storage".remove_empty_counts, ', ''),
      )
      await using storage = postgresStorage(url)
      await storage.lifecycle.recordTransition('flow', null, 'A')
      expect(await lastTransitions(storage)).toEqual(await Array.fromAsync(storage.lifecycle.listFlows()))
    })
  })

  test('a store of a newer version says which package it needs', async () => {
    await withDatabase(server, postgresSchema(), async (url) => {
      await sql(
        url,
        `UPDATE dir_storage.meta SET value = 99, needs = '@dir/storage-postgres 7.0.0' WHERE name = 'schema_version'`,
      )
      const storage = postgresStorage(url)
      expect(await failureOf(storage.init(), 'message', 'found', 'expected')).toEqual({
        code: 'STORAGE_SCHEMA',
        outcome: 'not-applied',
        retryable: false,
        message: expect.stringContaining('@dir/storage-postgres 7.0.0 or later'),
        found: 'version 99',
        expected: `version ${SCHEMA_VERSION}`,
      })
      await storage.close()
    })
  })
})
