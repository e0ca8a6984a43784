import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { StorageRecord } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()
const [OLD, BEFORE] = ['2026-03-01T00:00:00.000000Z', '2026-04-01T00:00:00.000000Z']

function* flows(count: number): Generator<StorageRecord> {
  const result = { type: 'idempotency', requestHash: null, createdAt: OLD, claimedAt: null } as const
  const event = { type: 'event', event: 'E', timestamp: OLD, stepId: '', state: '' } as const
  const moved = { type: 'transition', fromStatus: null, createdAt: OLD } as const
  const detailsJson = JSON.stringify({ text: 'x'.repeat(1_000) })
  for (let n = 0; n < count; n++) yield { ...result, key: `key ${n}`, resultJson: '{}', dfid: `flow ${n}` }
  for (let n = 0; n < count; n++) yield { ...event, seq: n + 1, dfid: `flow ${n}`, detailsJson }
  for (let n = 0; n < count; n++)
    yield { ...moved, dfid: `flow ${n}`, toStatus: n % 10 === 0 ? 'OPEN' : 'DONE' }
  yield { type: 'counters', seq: count, fence: 0, records: 3 * count }
}

test('a pruned file has free pages, and VACUUM beside a handle that goes on makes it smaller', async () => {
  const path = join(folder, 'pruned.sqlite')
  await using storage = sqliteStorage(path)
  await storage.importRecords(flows(1_001))
  expect(await storage.prune({ before: BEFORE, terminal: ['DONE'], batchSize: 500 })).toEqual({
    flows: 900,
    removed: { idempotency: 900, decisionAudit: 900, lifecycle: 900 },
    kept: {},
  })
  const before = await Array.fromAsync(storage.exportRecords())
  const other = new BetterSqlite3(path)
  try {
    expect(other.pragma('freelist_count', { simple: true })).toBeGreaterThan(100)
    other.exec('VACUUM')
    other.pragma('wal_checkpoint(TRUNCATE)')
    expect(other.pragma('freelist_count', { simple: true })).toBe(0)
  } finally {
    other.close()
  }
  expect(statSync(path).size).toBeLessThan(500_000)
  expect(await Array.fromAsync(storage.exportRecords())).toEqual(before)
  expect(await storage.decisionAudit.record('flow 0', 'LATER')).toBe(1_002)
  expect((await storage.health()).ok).toBe(true)
})

test('what a flow has is found by indexes', async () => {
  const path = join(folder, 'plans.sqlite')
  await using storage = sqliteStorage(path)
  await storage.importRecords(flows(11))
  const db = new BetterSqlite3(path)
  try {
    const tables = ['decision_audit_events', 'context_session', 'intent_retry', 'escalation_requests']
    const statements = [
      ...[...tables, 'flow_transitions', 'resource_locks'].map(
        (one) => `DELETE FROM ${one} WHERE dfid = 'f'`,
      ),
      `SELECT DISTINCT timestamp FROM decision_audit_events WHERE dfid = 'f'`,
      `SELECT c.token, r.created_at FROM idempotency_claims c
        LEFT JOIN idempotency_cache r ON r.key = c.key WHERE c.dfid = 'f'`,
      `DELETE FROM idempotency_cache WHERE key IN (SELECT key FROM idempotency_claims WHERE dfid = 'f')`,
    ]
    for (const sql of statements) {
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { readonly detail: string }[]
      const scans = steps.map(({ detail }) => detail).filter((detail) => detail.startsWith('SCAN'))
      expect([sql, scans]).toEqual([sql, []])
    }
  } finally {
    db.close()
  }
})

test('holds of a flow that have expired go with it, also from what Python reads', async () => {
  const path = join(folder, 'expired.sqlite')
  await using storage = sqliteStorage(path)
  const moved = { type: 'transition', dfid: 'f', fromStatus: null, toStatus: 'DONE', createdAt: OLD } as const
  const counters = { type: 'counters', seq: 0, fence: 0, records: 1 } as const
  await storage.importRecords([moved, counters])
  await storage.resourceLock.acquire('f', { fund: 5 }, 0, { leaseSec: 0.001 })
  await expect.poll(() => storage.resourceLock.getHolds({ dfid: 'f' })).toEqual([])
  expect((await storage.prune({ before: BEFORE, terminal: ['DONE'] })).flows).toBe(1)
  const db = new BetterSqlite3(path)
  expect(db.prepare('SELECT * FROM resource_locks').all()).toEqual([])
  db.close()
})
