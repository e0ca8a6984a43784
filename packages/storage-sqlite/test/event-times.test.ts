import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareIds } from '@dir/storage-core/adapter'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

/** As Python has it: a fraction of zero is left out, and UTC is an offset. */
const WRITTEN = [
  '2026-03-01T12:00:01+00:00',
  '2026-03-01T12:00:00.500000+00:00',
  '2026-03-01T12:00:00+00:00',
  'soon',
  '2026-02-30T12:00:00.000000+00:00',
  '2026-03-01 12:00:00.25',
  '2026-03-01T15:00:00+02:00',
  '2026-03-01T12:00:00.000001+00:00',
]

const IN_ORDER = [3, 8, 6, 2, 1]

test('what Python wrote comes in the order of its times, and what is no time is left out', async () => {
  const path = join(folder, 'python.sqlite')
  await using storage = sqliteStorage(path)
  const { decisionAudit } = storage
  await storage.init()
  const db = new BetterSqlite3(path)
  const insert = db.prepare(
    /* sql */ `INSERT INTO decision_audit_events (dfid, event, timestamp) VALUES ('python', 'E', ?)`,
  )
  for (const time of WRITTEN) insert.run(time)
  const seqs = async (filter: object) =>
    (await Array.fromAsync(decisionAudit.events(filter))).map(({ seq }) => seq)
  expect(await seqs({ from: '2026-03-01' })).toEqual(IN_ORDER)
  expect(await seqs({ until: '2099-01-01', newestFirst: true })).toEqual(IN_ORDER.toReversed())
  expect(await seqs({ from: '2026-03-01T12:00:00.000001Z', until: '2026-03-01T12:00:01Z' })).toEqual([
    8, 6, 2,
  ])
  // also where a page has nothing but what is no time
  expect(await seqs({ from: '2026-01-01', until: '2026-03-01T12:00:00.000001Z', limit: 1 })).toEqual([3])
  expect(await seqs({ until: '2026-03-01', newestFirst: true, limit: 1 })).toEqual([])
  // also of a flow, whether it has few events or many, which are looked for in different ways
  expect(await seqs({ dfid: 'python', from: '2026-03-01' })).toEqual(IN_ORDER)
  db.exec(/* sql */ `INSERT INTO decision_audit_events (dfid, event, timestamp)
    SELECT 'python', 'E', '2026-01-01T00:00:00.000000+00:00' FROM decision_audit_events a, decision_audit_events b, decision_audit_events`)
  expect(await seqs({ dfid: 'python', from: '2026-03-01' })).toEqual(IN_ORDER)
  const ours = await decisionAudit.record('ours', 'E', { agentId: 'agent' })
  expect(await seqs({ from: '2026-03-01' })).toEqual([...IN_ORDER, ours])
  expect(await seqs({ agentId: 'agent' })).toEqual([ours])
  db.close()
})

test.each([
  [
    'replaces',
    `INSERT OR REPLACE INTO decision_audit_events (id, dfid, event, timestamp) VALUES (1, 'p', 'P', 'soon')`,
  ],
  ['renumbers', `UPDATE decision_audit_events SET id = 7`],
  ['deletes', `DELETE FROM decision_audit_events`],
])('an event that Python %s has no agent any more', async (verb, sql) => {
  const path = join(folder, `${verb}.sqlite`)
  await using storage = sqliteStorage(path)
  await storage.decisionAudit.record('f', 'E', { agentId: 'agent' })
  const db = new BetterSqlite3(path)
  db.exec(sql)
  expect(db.prepare('SELECT * FROM decision_audit_agents').all()).toEqual([])
  db.close()
  expect(await Array.fromAsync(storage.decisionAudit.events({ agentId: 'agent' }))).toEqual([])
})

test('a file of Python’s that is left as it is may be asked by time and by agent too', async () => {
  const path = join(folder, 'as-it-is.sqlite')
  copyFileSync(new URL('fixtures/python-written.sqlite', import.meta.url), path)
  await using storage = sqliteStorage({ path, init: false })
  const { decisionAudit } = storage
  const all = await decisionAudit.allEventsChronological()
  expect(all.length).toBeGreaterThan(10)
  const byTime = await Array.fromAsync(decisionAudit.events({ from: '2000-01-01' }))
  const inOrder = all.toSorted(
    (one, other) => compareIds(one.timestamp ?? '', other.timestamp ?? '') || one.seq - other.seq,
  )
  expect(byTime).toEqual(inOrder)
  expect(await Array.fromAsync(decisionAudit.events({ agentId: 'agent' }))).toEqual([])
})
