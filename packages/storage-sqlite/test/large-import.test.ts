import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const LEFT = 10_000

/** What an interrupted import left, in tables that triggers follow, and in one whose rows have no id. */
const INTERRUPTED = /* sql */ `
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${LEFT})
  INSERT INTO decision_audit_events (dfid, event, timestamp) SELECT 'flow', 'E', '2020-01-01T00:00:00+00:00' FROM n;
  INSERT INTO decision_audit_agents (id, agent_id) SELECT id, 'agent' FROM decision_audit_events;
  INSERT INTO flow_transitions (dfid, to_status) SELECT 'flow ' || id, 'OPEN' FROM decision_audit_events;
  INSERT INTO resource_locks (dfid, resource_id, amount) SELECT 'flow', 'fund ' || id, 1 FROM decision_audit_events;
  INSERT INTO escalation_budget (agent_id, created_at) SELECT 'agent ' || id, '2020-01-01 00:00:00' FROM decision_audit_events;
  INSERT INTO dir_storage_meta (name, value) VALUES ('importing', 1);`

test('what an interrupted import left is removed a part at a time, and other work goes on meanwhile', async () => {
  const path = join(testFolder(), 'interrupted.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const db = new BetterSqlite3(path)
  db.exec(INTERRUPTED)
  let turns = 0
  let isDone = false
  const counted = (async () => {
    for (; !isDone; turns++) await turn()
  })()
  await storage.importRecords([{ type: 'counters', seq: 7, fence: 7, records: 0 }])
  isDone = true
  await counted
  expect(turns).toBeGreaterThan((4 * LEFT) / 500)
  const tables = db.prepare(/* sql */ `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN
    ('dir_storage_meta', 'sqlite_sequence')`)
  const filled = tables
    .pluck()
    .all()
    .filter((name) => db.prepare(`SELECT 1 FROM ${String(name)}`).get() !== undefined)
  expect(filled).toEqual([])
  expect(await storage.decisionAudit.record('flow', 'E')).toBe(8)
  db.close()
})
