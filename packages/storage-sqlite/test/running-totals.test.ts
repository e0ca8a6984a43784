import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { changedByOthers, pick, random } from './changes-by-others.ts'
import { expectQuick, quickest } from '../../../test/load/quickest.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

const TIMES = [
  '2026-03-01 12:00:00',
  '2026-03-01 12:00:00.5',
  '2026-03-01 12:00:59',
  '2026-03-02 00:00:00.000001',
  '2027-01-01',
]

/** What another program may do to holds and tokens, sensible or not. */
function statement(): string {
  const [flow, resource, other] = [`'f${random(3)}'`, `'r${random(2)}'`, `'r${random(2)}'`]
  const amount = pick(['1', '0.3', '2.000001', '9007199254', "'much'", '-1', '4294967296.000001'])
  const [agent, time, id] = [`'a${random(2)}'`, `'${pick(TIMES)}'`, random(6) + 1]
  return pick([
    `INSERT OR REPLACE INTO resource_locks (dfid, resource_id, amount) VALUES (${flow}, ${resource}, ${amount})`,
    `INSERT OR REPLACE INTO resource_locks (dfid, resource_id, amount) VALUES (${flow}, ${resource}, ${amount})`,
    `INSERT OR IGNORE INTO resource_locks (dfid, resource_id, amount) VALUES (${flow}, ${resource}, ${amount})`,
    `INSERT INTO resource_locks (dfid, resource_id, amount) VALUES (${flow}, ${resource}, ${amount})
      ON CONFLICT (dfid, resource_id) DO UPDATE SET amount = excluded.amount`,
    `UPDATE resource_locks SET amount = ${amount} WHERE dfid = ${flow}`,
    `UPDATE OR REPLACE resource_locks SET resource_id = ${other} WHERE dfid = ${flow} AND resource_id = ${resource}`,
    `DELETE FROM resource_locks WHERE dfid = ${flow}`,
    `INSERT INTO escalation_budget (agent_id, created_at) VALUES (${agent}, ${time})`,
    `INSERT INTO escalation_budget (agent_id) VALUES (${agent})`,
    `INSERT OR REPLACE INTO escalation_budget (id, agent_id, created_at) VALUES (${id}, ${agent}, ${time})`,
    `UPDATE escalation_budget SET created_at = ${time} WHERE id = ${id}`,
    `UPDATE escalation_budget SET agent_id = ${agent} WHERE id = ${id}`,
    `DELETE FROM escalation_budget WHERE id = ${id}`,
  ])
}

const micros = (amount: unknown): bigint | null =>
  typeof amount === 'number' && amount >= 0
    ? BigInt(Math.trunc(amount)) * 1_000_000n + BigInt(Math.round((amount % 1) * 1e6))
    : null

test.each([false, true])(
  'totals are those of the rows, whatever is written how (recursive triggers: %o)',
  (recursive) =>
    changedByOthers(folder, recursive, async (db, storage) => {
      for (let round = 0; round < 500; round++) {
        const sql = statement()
        db.exec(sql)
        if (round % 10 > 0) continue
        const expected = new Map<string, { holds: number; unreadable: number; sum: bigint }>()
        for (const { resource_id, amount } of db
          .prepare(`SELECT resource_id, amount FROM resource_locks ORDER BY resource_id`)
          .all() as { resource_id: string; amount: unknown }[]) {
          const total = expected.get(resource_id) ?? { holds: 0, unreadable: 0, sum: 0n }
          total.holds++
          if (micros(amount) === null) total.unreadable++
          total.sum += micros(amount) ?? 0n
          expected.set(resource_id, total)
        }
        const totals = db.prepare(`SELECT * FROM resource_lock_totals ORDER BY resource_id`).all() as {
          resource_id: string
          holds: number
          unreadable: number
          units: number
          rest: number
        }[]
        expect(
          totals.map(({ resource_id, holds, unreadable, units, rest }) => [
            resource_id,
            { holds, unreadable, sum: BigInt(units) * 1_000_000n + BigInt(rest) },
          ]),
        ).toEqual([...expected])
        for (const agent of ['a0', 'a1'])
          for (const since of TIMES.map((time) => `${time.padEnd(19, ' 00:00:00').replace(' ', 'T')}Z`)) {
            const from = since.slice(0, -1).replace('T', ' ')
            const rows = db
              .prepare(`SELECT COUNT(*) FROM escalation_budget WHERE agent_id = ? AND created_at >= ?`)
              .pluck()
            expect(await storage.escalation.getWindowCount(agent, since)).toBe(rows.get(agent, from))
          }
      }
      db.exec(`DELETE FROM resource_locks; DELETE FROM escalation_budget`)
      const left = [`resource_lock_leases`, `resource_lock_totals`, `escalation_budget_windows`]
      for (const table of left) expect(db.prepare(`SELECT * FROM ${table}`).all()).toEqual([])
    }),
)

test('expired holds do not count, and are removed when an acquire meets them, so many at once', async () => {
  const path = join(folder, 'expired.sqlite')
  await using storage = sqliteStorage(path)
  const options = { capacities: { r: 1_000 }, leaseSec: 0.001 }
  await Promise.all(
    Array.from({ length: 500 }, (_, index) =>
      storage.resourceLock.acquire(`f${index}`, { r: 1 }, 1, options),
    ),
  )
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(0)
  expect(await storage.resourceLock.getHolds()).toEqual([])
  const db = new BetterSqlite3(path)
  const stored = db.prepare('SELECT COUNT(*) FROM resource_locks').pluck()
  const before = stored.get() as number
  expect(await storage.resourceLock.acquire('g', { r: 1_000 }, 0, { capacities: { r: 1_000 } })).not.toBe(
    null,
  )
  expect(stored.get()).toBeLessThan(before)
  for (let round = 0; round < 3; round++) await storage.resourceLock.acquire('g', { r: 1_000 }, 0)
  expect(stored.get()).toBe(1)
  expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(1_000)
  db.close()
})

test("a file of Python's that is only read has totals too", async () => {
  const path = join(folder, 'python.sqlite')
  const db = new BetterSqlite3(path)
  db.exec(`CREATE TABLE resource_locks (dfid TEXT NOT NULL, resource_id TEXT NOT NULL, amount REAL NOT NULL DEFAULT 0,
      acquired_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (dfid, resource_id));
    CREATE TABLE escalation_budget (id INTEGER PRIMARY KEY AUTOINCREMENT, agent_id TEXT NOT NULL,
      created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);
    INSERT INTO resource_locks (dfid, resource_id, amount) VALUES ('f', 'r', 0.3), ('g', 'r', 2);
    INSERT INTO escalation_budget (agent_id) VALUES ('a'), ('a')`)
  db.close()
  await using storage = sqliteStorage({ path, init: false })
  expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(2.3)
  expect(await storage.resourceLock.getLockedAmount('r', 'f')).toBe(2)
  expect(await storage.resourceLock.getHolds({ dfid: 'f' })).toEqual([
    expect.objectContaining({ amount: 0.3, fence: 0 }),
  ])
  expect(await storage.escalation.getWindowCount('a', '2026-01-01T00:00:00Z')).toBe(2)
  await using writer = sqliteStorage(path)
  await writer.resourceLock.acquire('h', { r: 1 }, 0)
  expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(3.3)
})

test('holders and tokens by the thousand do not slow a call down', { timeout: 60_000 }, async () => {
  const path = join(folder, 'many.sqlite')
  await using storage = sqliteStorage(path)
  const { escalation, resourceLock } = storage
  const capacities = { r: 1e6 }
  await resourceLock.acquire('flow', { r: 1 }, 0, { capacities })
  await escalation.recordBudgetToken('agent')
  const calls: readonly (() => Promise<unknown>)[] = [
    () => resourceLock.acquire('flow', { r: 2e6 }, 0, { capacities }).catch(() => {}),
    () => resourceLock.getLockedAmount('r', 'flow'),
    () => escalation.tryConsumeBudget('agent', { limit: 1, windowSec: 3_600 }),
    () => escalation.getWindowCount('agent', '2020-01-01T00:00:00Z'),
  ]
  const before: number[] = []
  for (const call of calls) before.push(await quickest(call))
  const db = new BetterSqlite3(path)
  db.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
      INSERT INTO resource_locks (dfid, resource_id, amount) SELECT 'other ' || i, 'r', 1 FROM n;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
      INSERT INTO escalation_budget (agent_id) SELECT 'agent' FROM n`)
  db.close()
  expect(await resourceLock.getLockedAmount('r', 'flow')).toBe(20_000)
  for (const [index, call] of calls.entries())
    await expectQuick(call, 3 * (before[index] ?? 0) + 0.2, `call ${index}`)
})
