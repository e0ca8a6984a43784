import { execFile } from 'node:child_process'
import { copyFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type StorageHandle, dumpsJsonDict } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, describe, expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'
import { python, skipPython } from './python.ts'

const folder = testFolder()
const handles: StorageHandle[] = []
afterAll(() => Promise.all(handles.map((one) => one.close())))

function open(path: string, journalMode: 'wal' | 'delete'): StorageHandle {
  const storage = sqliteStorage({ path, journalMode })
  handles.push(storage)
  return storage
}

/** Every statement that the original writes with, on the file at `path`. */
const PYTHON_WRITES = `
run("INSERT OR REPLACE INTO agent_registry (agent_id, contract, priority, status, agent_version, session_token) VALUES (?, ?, ?, ?, ?, ?)", "py", '{"of": "python"}', 7, "ACTIVE", "1.0", None)
run("INSERT OR REPLACE INTO context_session (dfid, data, updated_at) VALUES (?, ?, CURRENT_TIMESTAMP)", "shared", '{"by": "python"}')
run("INSERT OR REPLACE INTO context_state (agent_id, data, updated_at) VALUES (?, ?, CURRENT_TIMESTAMP)", "py", "[1, 2]")
run("INSERT OR REPLACE INTO idempotency_cache (key, result) VALUES (?, ?)", "claimed", '{"ran": "in python"}')
run("INSERT INTO decision_audit_events (dfid, event, timestamp, step_id, state, detail_json) VALUES (?, ?, ?, ?, ?, ?)", "f", "PYTHON", "2026-03-01T00:00:00.000001Z", "", "", "{}")
run("INSERT OR REPLACE INTO saga_dirty_state (dfid, failed_step, partial_state_json) VALUES (?, ?, ?)", "ours", "again", "{}")
run("INSERT OR REPLACE INTO resource_locks (dfid, resource_id, amount) VALUES (?, ?, ?)", "leased", "r", 2.5)
run("INSERT OR REPLACE INTO intent_retry (dfid, rejection_count, updated_at) VALUES (?, ?, CURRENT_TIMESTAMP)", "f", 41)
run("INSERT INTO escalation_budget (agent_id) VALUES (?)", "py")
run("INSERT OR REPLACE INTO escalation_requests (dfid, agent_id, reason, context_json, proposal_json, impact, status) VALUES (?, ?, ?, ?, ?, ?, 'PENDING')", "ours", "py", "again", "{}", "{}", "")
run("INSERT INTO flow_transitions (dfid, from_status, to_status) VALUES (?, ?, ?)", "f", "A", "B")
`

const PYTHON_READS = `
print(json.dumps({
  "agent": run("SELECT contract, priority, status, suspension_reason FROM agent_registry WHERE agent_id = 'ts'"),
  "session": run("SELECT data FROM context_session WHERE dfid = 'shared'"),
  "number": [json.loads(row[0]) for row in run("SELECT data FROM context_session WHERE dfid = 'number'")],
  "result": run("SELECT result FROM idempotency_cache WHERE key = 'done'"),
  "claimed": run("SELECT result FROM idempotency_cache WHERE key = 'claimed'"),
  "events": run("SELECT id, dfid, event, detail_json FROM decision_audit_events ORDER BY id"),
  "dirty": run("SELECT dfid, failed_step, partial_state_json FROM saga_dirty_state ORDER BY rowid"),
  "locked": run("SELECT SUM(amount) FROM resource_locks WHERE resource_id = 'r' AND dfid != 'x'"),
  "count": run("SELECT rejection_count FROM intent_retry WHERE dfid = 'f'"),
  "window": run("SELECT COUNT(*) FROM escalation_budget WHERE agent_id = 'ts' AND created_at >= ?", args[0]),
  "pending": run("SELECT dfid, context_json FROM escalation_requests WHERE status = 'PENDING' ORDER BY rowid"),
  "transitions": run("SELECT from_status, to_status FROM flow_transitions WHERE dfid = 'f' ORDER BY id"),
}))
`

async function writeOurs(storage: StorageHandle): Promise<void> {
  const agent = { agentId: 'ts', contractJson: '{"of": 1.0}', priority: 3, status: 'ACTIVE' }
  await storage.agentRegistry.upsertAgent({ ...agent, agentVersion: null, sessionToken: null })
  await storage.agentRegistry.updateStatus('ts', 'SUSPENDED', 'why')
  await storage.context.setSession('shared', '{"by":"ts"}')
  await storage.context.setSession('number', ' 1.0 ')
  await storage.idempotency.set('done', { b: 1, a: 'é' })
  await storage.idempotency.claim('claimed', { leaseSec: 600, requestHash: 'h' })
  await storage.decisionAudit.record('f', 'TS', { details: { n: 1 } })
  for (const dfid of ['ours', 'other']) {
    await storage.saga.markDirty(dfid, 's', '{"at": 1}')
    await storage.escalation.insertRequest({
      dfid,
      agentId: 'ts',
      reason: '',
      contextJson: '{"c": 1}',
      proposalJson: '{}',
      impact: '',
    })
  }
  await storage.resourceLock.acquire('leased', { r: 1, s: 1 }, 0, { leaseSec: 600 })
  await storage.resourceLock.acquire('kept', { r: 0.25 }, 0)
  await storage.intentRetry.increment('f')
  await storage.escalation.recordBudgetToken('ts')
  await storage.lifecycle.transition('f', null, 'A')
}

const OUTSET = '2020-01-01 00:00:00'

describe.each(['delete', 'wal'] as const)('a %s file', (journalMode) => {
  describe.each(['python', 'ours'] as const)('created by %s', (creator) => {
    const path = join(folder, `${journalMode}-${creator}.sqlite`)

    test.skipIf(skipPython)('is read and written in turn', async () => {
      if (creator === 'python') {
        copyFileSync(new URL('fixtures/python-edge.sqlite', import.meta.url), path)
        python(
          `
for (table,) in run("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"): run("DELETE FROM " + table)
run("DELETE FROM sqlite_sequence")
run("PRAGMA journal_mode = ${journalMode}")`,
          path,
        )
      }
      const storage = open(path, journalMode)
      await writeOurs(storage)

      const before = python(PYTHON_READS, path, OUTSET)
      expect(before).toEqual({
        agent: [['{"of": 1.0}', 3, 'SUSPENDED', 'why']],
        session: [['{"by":"ts"}']],
        number: [1],
        result: [[dumpsJsonDict({ b: 1, a: 'é' })]],
        claimed: [],
        events: [[1, 'f', 'TS', '{"n": 1}']],
        dirty: [
          ['ours', 's', '{"at": 1}'],
          ['other', 's', '{"at": 1}'],
        ],
        locked: [[1.25]],
        count: [[1]],
        window: [[1]],
        pending: [
          ['ours', '{"c": 1}'],
          ['other', '{"c": 1}'],
        ],
        transitions: [[null, 'A']],
      })

      const [leased] = await storage.resourceLock.getHolds({ dfid: 'leased', resourceId: 'r' })
      expect([leased?.amount, leased?.fence, leased?.expiresAt === null]).toEqual([1, 1, false])
      python(PYTHON_WRITES, path)

      expect(await storage.agentRegistry.getAgent('py')).toEqual({
        agentId: 'py',
        contract: { of: 'python' },
        contractJson: '{"of": "python"}',
        priority: 7,
        status: 'ACTIVE',
        agentVersion: '1.0',
        sessionToken: null,
      })
      expect(await storage.context.getSession('shared')).toBe('{"by": "python"}')
      expect(await storage.context.getSession('number')).toBe(' 1.0 ')
      expect(await storage.context.getState('py')).toBe('[1, 2]')
      // Python's result beats the claim, hash and all
      expect(await storage.idempotency.claim('claimed', { leaseSec: 1, requestHash: 'another' })).toEqual({
        state: 'replay',
        result: { ran: 'in python' },
        resultJson: '{"ran": "in python"}',
      })
      expect(
        (await storage.decisionAudit.allEventsChronological()).map(({ seq, event }) => [seq, event]),
      ).toEqual([
        [1, 'TS'],
        [2, 'PYTHON'],
      ])
      expect(await storage.saga.getDirtyFlows()).toEqual(['other', 'ours'])
      // Python's hold has neither lease nor fence; the flow's other hold keeps both
      const holds = await storage.resourceLock.getHolds({ dfid: 'leased' })
      expect(
        holds.map(({ resourceId, amount, fence, expiresAt }) => [
          resourceId,
          amount,
          fence,
          expiresAt === null,
        ]),
      ).toEqual([
        ['r', 2.5, 0, true],
        ['s', 1, 1, false],
      ])
      expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(2.75)
      expect(await storage.intentRetry.increment('f')).toBe(42)
      expect(await storage.escalation.tryConsumeBudget('py', { limit: 2, windowSec: 600 })).toEqual({
        granted: true,
        used: 2,
      })
      expect(
        (await storage.escalation.getPendingRequests()).map(({ dfid, reason }) => [dfid, reason]),
      ).toEqual([
        ['other', ''],
        ['ours', 'again'],
      ])
      expect(await storage.lifecycle.transition('f', 'B', 'C')).toBe(true)
      expect((await storage.health()).details['journalMode']).toBe(journalMode)
    })
  })
})

test.skipIf(skipPython)('what Python deletes takes its lease and its claim with it', async () => {
  const path = join(folder, 'deletes.sqlite')
  const storage = open(path, 'delete')
  await storage.resourceLock.acquire('f', { r: 1 }, 0, { leaseSec: 600 })
  await storage.idempotency.claim('k', { leaseSec: 600, requestHash: 'h' })
  await storage.idempotency.set('k', {})
  python(
    `
run("DELETE FROM resource_locks WHERE dfid = 'f'")
run("DELETE FROM idempotency_cache WHERE key = 'k'")`,
    path,
  )
  expect(await storage.resourceLock.getHolds()).toEqual([])
  expect(await storage.idempotency.claim('k', { leaseSec: 1, requestHash: 'another' })).toEqual({
    state: 'started',
    token: expect.any(String),
  })
  await storage.close()
  const db = new BetterSqlite3(path)
  expect(db.prepare('SELECT COUNT(*) FROM resource_lock_leases').pluck().get()).toBe(0)
  db.close()
})

test.skipIf(skipPython)('both write at the same time, and nothing is lost', async () => {
  const path = join(folder, 'together.sqlite')
  const storage = open(path, 'delete')
  await storage.init()
  let python3Done = false
  const theirs = (async () => {
    const script = `
import sqlite3, sys
for n in range(100):
    db = sqlite3.connect(sys.argv[1])
    db.execute("INSERT INTO decision_audit_events (dfid, event, timestamp) VALUES ('py', ?, '2026-03-01T00:00:00.000001Z')", (str(n),))
    db.commit()
    db.close()`
    await promisify(execFile)('python3', ['-c', script, path])
    python3Done = true
  })()
  let ours = 0
  while (!python3Done || ours < 100) {
    await storage.decisionAudit.record('ts', String(ours++))
    await sleep(1)
  }
  await theirs
  const seen = async (dfid: string) =>
    (await storage.decisionAudit.eventsForDfid(dfid)).map(({ event }) => event)
  expect(await seen('py')).toEqual(Array.from({ length: 100 }, (_, n) => String(n)))
  expect(await seen('ts')).toEqual(Array.from({ length: ours }, (_, n) => String(n)))
})

test("with init: false, a file of Python's is read as it is, and takes writes once its tables are complete", async () => {
  const path = join(folder, 'left.sqlite')
  copyFileSync(new URL('fixtures/python-written.sqlite', import.meta.url), path)
  const before = readFileSync(path)
  await using storage = sqliteStorage({ path, init: false })
  expect((await storage.health()).ok).toBe(true)
  await storage.resourceLock.getHolds()
  const records = await Array.fromAsync(storage.exportRecords())
  expect(records.length).toBeGreaterThan(10)
  const refusal = expect.objectContaining({ code: 'STORAGE_SCHEMA', outcome: 'not-applied' })
  await expect(storage.context.setSession('f', '{}')).rejects.toThrow(refusal)
  expect(readFileSync(path)).toEqual(before)

  await using complete = sqliteStorage(path)
  await complete.resourceLock.acquire('leased', { r: 1 }, 0, { leaseSec: 600 })
  const [hold] = await storage.resourceLock.getHolds({ dfid: 'leased' })
  expect([hold?.fence, hold?.expiresAt === null]).toEqual([1, false])
  await storage.context.setSession('f', '{}')
  expect(await complete.context.getSession('f')).toBe('{}')
})
