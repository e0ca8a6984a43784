import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowFilter, LifecycleStorage } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { changedByOthers, pick, random } from './changes-by-others.ts'
import { testFolder } from './folder.ts'
import { python, skipPython } from './python.ts'

const folder = testFolder()

/** What another program may do to transitions, sensible or not. */
function statement(): string {
  const [flow, other, status] = [`'f${random(4)}'`, `'f${random(4)}'`, `'s${random(3)}'`]
  const [id, to] = [random(40) + 1, random(60) + 1]
  return pick([
    `INSERT INTO flow_transitions (dfid, to_status) VALUES (${flow}, ${status})`,
    `INSERT INTO flow_transitions (dfid, to_status) VALUES (${flow}, ${status}), (${other}, 's0'), (${flow}, 's1')`,
    `INSERT OR REPLACE INTO flow_transitions (id, dfid, to_status) VALUES (${id}, ${flow}, ${status})`,
    `INSERT OR REPLACE INTO flow_transitions (id, dfid, to_status) VALUES (${id}, ${flow}, ${status})`,
    `INSERT OR IGNORE INTO flow_transitions (id, dfid, to_status) VALUES (${id}, ${flow}, ${status})`,
    `UPDATE flow_transitions SET to_status = ${status} WHERE dfid = ${flow}`,
    `UPDATE flow_transitions SET dfid = ${flow} WHERE id = ${id}`,
    `UPDATE OR REPLACE flow_transitions SET rowid = ${to} WHERE id = ${id}`,
    `UPDATE OR REPLACE flow_transitions SET id = ${to}, dfid = ${flow} WHERE id = ${id}`,
    `DELETE FROM flow_transitions WHERE id = ${id}`,
    `DELETE FROM flow_transitions WHERE dfid = ${flow} AND id > ${id}`,
    `DELETE FROM flow_transitions WHERE id % 7 = ${random(7)}`,
  ])
}

const CURRENT = `SELECT * FROM current_flows ORDER BY id`
const EXPECTED = `SELECT id, dfid, to_status FROM flow_transitions t
  WHERE id = (SELECT MAX(id) FROM flow_transitions WHERE dfid = t.dfid) ORDER BY id`

test.each([false, true])(
  'each flow stands where its last transition left it, whatever is written how (recursive triggers: %o)',
  (recursive) =>
    changedByOthers(folder, recursive, (db) => {
      for (let round = 0; round < 2_000; round++) {
        const sql = statement()
        db.exec(sql)
        expect([sql, db.prepare(CURRENT).all()]).toEqual([sql, db.prepare(EXPECTED).all()])
      }
      db.exec(`DELETE FROM flow_transitions`)
      expect(db.prepare(CURRENT).all()).toEqual([])
    }),
)

const listed = async (lifecycle: LifecycleStorage, filter?: FlowFilter) =>
  (await Array.fromAsync(lifecycle.listFlows(filter))).map(({ dfid, status, since, error }) => {
    return [dfid, status, since, error?.column]
  })

test.skipIf(skipPython)("what Python records moves a flow, and is shown with Python's time", async () => {
  const path = join(folder, 'python.sqlite')
  await using storage = sqliteStorage({ path, journalMode: 'delete' })
  const { lifecycle } = storage
  for (const dfid of ['one', 'two', 'three']) await lifecycle.recordTransition(dfid, null, 'OPEN')
  python(
    `for flow, to in [("one", "DONE"), ("two", "OPEN"), ("one", "LATE")]:
  run("INSERT INTO flow_transitions (dfid, from_status, to_status) VALUES (?, ?, ?)", flow, "OPEN", to)
run("UPDATE flow_transitions SET created_at = '2026-03-01 10:00:00'")`,
    path,
  )
  const at = '2026-03-01T10:00:00.000000Z'
  expect(await listed(lifecycle)).toEqual([
    ['three', 'OPEN', at, undefined],
    ['two', 'OPEN', at, undefined],
    ['one', 'LATE', at, undefined],
  ])
  expect(await lifecycle.transition('one', 'LATE', 'OPEN')).toBe(true)
  expect((await listed(lifecycle, { status: 'OPEN' })).map(([dfid]) => dfid)).toEqual(['three', 'two', 'one'])
})

test('a flow whose status or time cannot be read is told, and the rest is shown', async () => {
  const path = join(folder, 'odd.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const db = new BetterSqlite3(path)
  db.exec(`INSERT INTO flow_transitions (dfid, to_status, created_at) VALUES ('sound', 'A', '2026-03-01'),
    ('time', 'A', 'soon'), ('status', x'00', '2026-03-01'), (x'00', 'A', '2026-03-01')`)
  db.close()
  const at = '2026-03-01T00:00:00.000000Z'
  const [sound, time] = [
    ['sound', 'A', at, undefined],
    ['time', 'A', null, 'created_at'],
  ]
  expect(await listed(storage.lifecycle)).toEqual([sound, time, ['status', null, at, 'to_status']])
  expect(await listed(storage.lifecycle, { status: 'A' })).toEqual([sound, time])
  expect(await listed(storage.lifecycle, { olderThanSec: 1e9 })).toEqual([time])
})

test("a file of Python's that is only read has flows too", async () => {
  const path = join(folder, 'only-read.sqlite')
  copyFileSync(new URL('fixtures/python-written.sqlite', import.meta.url), path)
  await using storage = sqliteStorage({ path, init: false })
  const before = await listed(storage.lifecycle)
  expect(before.length).toBeGreaterThan(0)
  await using writer = sqliteStorage(path)
  await writer.init()
  expect(await listed(writer.lifecycle)).toEqual(before)
  expect(await listed(storage.lifecycle)).toEqual(before)
})

test.each([4])('several thousand flows of a file of version %i are there afterwards', async (version) => {
  const path = join(folder, `many-${version}.sqlite`)
  copyFileSync(new URL(`fixtures/version-${version}.sqlite`, import.meta.url), path)
  const db = new BetterSqlite3(path)
  db.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
    INSERT INTO flow_transitions (dfid, to_status) SELECT 'flow ' || (i * 37 % 4001), 's' || (i % 5) FROM n`)
  const written = db.prepare(`INSERT INTO flow_transitions (dfid, to_status) VALUES (?, ?)`)
  await using storage = sqliteStorage(path)
  await storage.init()
  written.run('flow 7', 's9') // as a process of that release does that has it open
  written.run('new', 's9')
  const expected = db.prepare(EXPECTED).all() as { dfid: string; to_status: string }[]
  db.close()
  const flows = (await listed(storage.lifecycle)).map(([dfid, status]) => [dfid, status])
  expect(flows).toEqual(expected.map(({ dfid, to_status }) => [dfid, to_status]))
  expect(flows.length).toBeGreaterThan(4_000)
  for (const status of ['s0', 's9'])
    expect((await listed(storage.lifecycle, { status })).map(([dfid]) => dfid)).toEqual(
      flows.filter(([, one]) => one === status).map(([dfid]) => dfid),
    )
})
