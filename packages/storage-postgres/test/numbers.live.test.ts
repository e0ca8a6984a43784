import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { postgresSchema, postgresStorage } from '../src/index.ts'
import { newName, sql, withDatabase } from './databases.ts'

/** Writes of every kind that draws a number. */
async function fill(storage: StorageHandle): Promise<number> {
  await storage.decisionAudit.recordMany([1, 2, 3].map((n) => ({ dfid: 'f', event: `e${n}` })))
  await storage.saga.markDirty('b', 's', '{}')
  await storage.saga.markDirty('a', 's', '{}')
  await storage.escalation.recordBudgetToken('agent')
  await storage.lifecycle.recordTransition('f', null, 'NEW')
  let fence = 0
  for (const flow of ['f', 'g', 'h'])
    fence = (await storage.resourceLock.acquire(flow, { [flow]: 1 }, 1))?.fence ?? 0
  return fence
}

async function expectGoesOn(storage: StorageHandle, fence: number): Promise<void> {
  expect(await storage.decisionAudit.record('f', 'e4')).toBeGreaterThan(3)
  expect((await storage.resourceLock.acquire('i', { i: 1 }, 1))?.fence).toBeGreaterThan(fence)
  await storage.saga.markDirty('c', 's', '{}')
  expect(await storage.saga.getDirtyFlows()).toEqual(['b', 'a', 'c'])
  await storage.lifecycle.recordTransition('f', 'NEW', 'DONE')
  expect((await storage.lifecycle.getTransitions('f')).map(({ toStatus }) => toStatus)).toEqual([
    'NEW',
    'DONE',
  ])
  await storage.escalation.recordBudgetToken('agent')
}

withOwnServer('postgres', () => {
  let server: Server
  beforeAll(async () => {
    server = await start('postgres', { settings: { wal_level: 'logical' } })
  }, 60_000)
  afterAll(() => server.stop())

  test.each([true, false])(
    'after logical replication no number is issued again, with init: %s',
    async (init) => {
      await withDatabase(server.url, '', async (from) => {
        await withDatabase(server.url, postgresSchema(), async (to) => {
          const source = postgresStorage(from)
          const fence = await fill(source)
          const name = newName()
          await sql(from, `CREATE PUBLICATION ${name} FOR ALL TABLES`)
          await sql(from, `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`)
          await sql(to, 'TRUNCATE dir_storage.meta')
          await sql(
            to,
            `CREATE SUBSCRIPTION ${name} CONNECTION '${from}' PUBLICATION ${name} WITH (create_slot = false)`,
          )
          const waiting = `SELECT count(*)::INTEGER AS n FROM pg_subscription_rel WHERE srsubstate <> 'r'`
          while ((await sql(to, waiting))[0]?.['n'] !== 0) await sleep(50)
          await sql(
            to,
            `ALTER SUBSCRIPTION ${name} DISABLE; ALTER SUBSCRIPTION ${name} SET (slot_name = NONE)`,
          )
          await sql(to, `DROP SUBSCRIPTION ${name}`)
          const active = `SELECT FROM pg_replication_slots WHERE slot_name = '${name}' AND active`
          while ((await sql(from, active)).length > 0) await sleep(50)
          await sql(from, `SELECT pg_drop_replication_slot('${name}')`)
          const handles = Array.from({ length: 4 }, () => postgresStorage({ url: to, init }))
          await Promise.all(handles.map((handle) => handle.init()))
          await expectGoesOn(handles[0] as StorageHandle, fence)
          await Promise.all([source, ...handles].map((handle) => handle.close()))
        })
      })
    },
    60_000,
  )

  test('a role that may not raise a sequence is told which one and what to do', async () => {
    await withDatabase(server.url, '', async (url) => {
      const owner = postgresStorage(url)
      await fill(owner)
      await owner.close()
      const role = newName()
      await sql(
        url,
        `CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA dir_storage TO ${role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA dir_storage TO ${role};
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA dir_storage TO ${role};
        UPDATE dir_storage.resource_locks SET fence = 1000000`,
      )
      const theirs = new URL(url)
      theirs.username = role
      const storage = postgresStorage({ url: theirs.href, init: false })
      expect(await failureOf(storage.init(), 'message')).toEqual({
        code: 'STORAGE_PERMISSION',
        outcome: 'not-applied',
        retryable: false,
        message: expect.stringMatching(/fence_seq stands 999997 behind .* setval/),
      })
      await sql(url, 'UPDATE dir_storage.resource_locks SET fence = 1000')
      expect((await storage.resourceLock.acquire('i', { i: 1 }, 1))?.fence).toBe(1001)
      await sql(url, 'UPDATE dir_storage.resource_locks SET fence = 10000000')
      const again = postgresStorage(url)
      expect((await again.resourceLock.acquire('j', { j: 1 }, 1))?.fence).toBe(10_000_001)
      await Promise.all([storage.close(), again.close()])
      await sql(url, `DROP OWNED BY ${role}; DROP ROLE ${role}`)
    })
  })
})
