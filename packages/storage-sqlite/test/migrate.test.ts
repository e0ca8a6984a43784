import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { SCHEMA_VERSION, sqliteSchema, sqliteStorage } from '../src/index.ts'
import { STEPS } from '../src/schema.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

/** A file that an older release wrote, or brought to its version: with records of every kind, and a hold and a token of Python's. */
function older(version: number, name: string): string {
  const path = join(folder, `${name}-${version}.sqlite`)
  copyFileSync(new URL(`fixtures/version-${version}.sqlite`, import.meta.url), path)
  return path
}

function ask(path: string, sql: string): unknown[] {
  const db = new BetterSqlite3(path)
  try {
    return db.prepare(sql).all()
  } finally {
    db.close()
  }
}

const KINDS =
  'agent session state idempotency idempotency event event dirtyFlow hold hold hold hold retryCount budgetToken budgetToken budgetToken budgetToken request transition transition counters'

const SCHEMA = `SELECT type, name, tbl_name FROM sqlite_master ORDER BY type, name`

describe.each([1, 2, 3, 4])('a file of schema version %i', (version) => {
  test('is brought to the current one by init, and nothing in it is lost', async () => {
    const path = older(version, 'kept')
    const before = ask(path, `SELECT * FROM decision_audit_events`)
    await using strict = sqliteStorage({ path, init: false })
    await expect(strict.init()).rejects.toThrow(
      expect.objectContaining({ code: 'STORAGE_SCHEMA', found: `version ${version}` }),
    )
    await using storage = sqliteStorage(path)
    const records = await Array.fromAsync(storage.exportRecords())
    expect(records.map(({ type }) => type).join(' ')).toBe(KINDS)
    expect(records.filter((one) => 'unfit' in one)).toEqual([])
    expect(ask(path, `SELECT * FROM decision_audit_events`)).toEqual(before)
    expect(
      (await storage.resourceLock.getHolds()).map(({ dfid, resourceId, amount, fence, expiresAt }) => {
        return [dfid, resourceId, amount, fence, expiresAt === null]
      }),
    ).toEqual([
      ['python', 'cash', 0.3, 0, true],
      ['flow-1', 'cash', 100.25, 1, true],
      ['flow-1', 'desk', 1, 1, true],
      ['flow-2', 'cash', 200.000001, 2, false],
    ])
    expect(await storage.resourceLock.getLockedAmount('cash', null)).toBe(300.550001)
    expect(await storage.resourceLock.getLockedAmount('cash', 'flow-1')).toBe(200.300001)
    expect(await storage.escalation.getWindowCount('agent-1', '2026-01-01T00:00:00Z')).toBe(2)
    expect(await storage.escalation.getWindowCount('agent-2', '2026-01-01T00:00:00Z')).toBe(2)
    expect(await storage.resourceLock.acquire('flow-4', { cash: 1 }, 0)).toEqual({
      fence: 4,
      expiresAt: null,
    })
    expect((await storage.health()).details).toEqual(
      expect.objectContaining({ schemaVersion: SCHEMA_VERSION }),
    )
  })

  test('is brought there by eight processes at once', { timeout: 60_000 }, async () => {
    const path = older(version, 'processes')
    const script = fileURLToPath(new URL('init-process.ts', import.meta.url))
    const children = Array.from({ length: 8 }, () =>
      spawn(process.execPath, ['--conditions=@dir/source', script], { stdio: ['ipc', 'pipe', 'inherit'] }),
    )
    await Promise.all(children.map((child) => once(child, 'message')))
    const answers = children.map((child) => once(child, 'message'))
    for (const child of children) child.send({ path, journalMode: 'wal' })
    expect((await Promise.all(answers)).map(([answer]) => answer as unknown)).toEqual(
      children.map(() => 'ready'),
    )
    for (const child of children) child.disconnect()
    expect(ask(path, `SELECT value FROM dir_storage_meta WHERE name = 'schema_version'`)).toEqual([
      { value: SCHEMA_VERSION },
    ])
    expect(ask(path, `SELECT holds, unreadable, units, rest FROM resource_lock_totals`)).toEqual([
      { holds: 4, unreadable: 0, units: 350, rest: 550_001 },
      { holds: 1, unreadable: 0, units: 1, rest: 0 },
    ])
  })

  test('is brought there by the printed statements too', () => {
    const path = older(version, 'printed')
    const db = new BetterSqlite3(path)
    db.exec(`BEGIN; ${sqliteSchema(version)} COMMIT`)
    db.close()
    const fresh = join(folder, `fresh-${version}.sqlite`)
    new BetterSqlite3(fresh).exec(sqliteSchema()).close()
    expect(ask(path, SCHEMA)).toEqual(ask(fresh, SCHEMA))
  })

  test('is left as it was where something is in the way', async () => {
    const path = older(version, 'foreign')
    const db = new BetterSqlite3(path)
    db.exec(`CREATE TABLE ${version < 3 ? 'resource_lock_totals' : 'current_flows'} (mine TEXT)`)
    db.close()
    const before = ask(path, SCHEMA)
    await using storage = sqliteStorage(path)
    await expect(storage.init()).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_SCHEMA' }))
    expect(ask(path, SCHEMA)).toEqual(before)
  })

  test('keeps from then on who decides a request, until that release decides or opens it', async () => {
    const path = older(version, 'decided')
    await using storage = sqliteStorage(path)
    const { escalation } = storage
    const request = {
      dfid: 'flow-1',
      agentId: 'agent-1',
      reason: 'limit',
      impact: 'high',
      context: { a: 1 },
      contextJson: '{"a":1}',
      createdAt: (await escalation.getRequest('flow-1'))?.createdAt,
    }
    const open = { status: 'PENDING', decision: null, resolvedAt: null, resolvedBy: null }
    expect(await escalation.getRequest('flow-1')).toEqual({
      ...request,
      proposal: { b: 2 },
      proposalJson: '{"b":2}',
      ...open,
    })
    await escalation.resolveRequest('flow-1', '2026-03-01', 'YES', '7', { resolvedBy: 'reviewer' })
    const resolvedAt = '2026-03-01T00:00:00.000000Z'
    const decided = { status: 'RESOLVED', decision: 'YES', resolvedAt, resolvedBy: 'reviewer' }
    expect(await Array.fromAsync(escalation.listRequests({ agentId: 'agent-1' }))).toEqual([
      { ...request, proposal: 7, proposalJson: '7', ...decided },
    ])
    const db = new BetterSqlite3(path)
    db.exec(`DELETE FROM escalation_requests WHERE dfid = 'flow-1';
      INSERT INTO escalation_requests (dfid, agent_id, status, created_at, resolved_at, human_decision)
      VALUES ('flow-1', 'agent-1', 'PENDING', '2026-03-02 00:00:00.000000', NULL, NULL)`)
    db.exec(`UPDATE escalation_requests SET status = 'RESOLVED', resolved_at = '2026-03-01 00:00:00.000000',
      human_decision = 'NO', proposal_json = COALESCE(NULL, proposal_json) WHERE dfid = 'flow-1'`)
    db.close()
    const { decision, resolvedBy } = (await escalation.getRequest('flow-1')) ?? {}
    expect({ decision, resolvedBy }).toEqual({ decision: 'NO', resolvedBy: null })
  })

  test('goes on in a process of that release that has it open', async () => {
    const path = older(version, 'open')
    const db = new BetterSqlite3(path) // as that release writes a hold
    const hold = db.prepare(
      `INSERT OR REPLACE INTO resource_locks VALUES ('old', 'cash', 2.5, CURRENT_TIMESTAMP)`,
    )
    const lease = db.prepare(
      `INSERT INTO resource_lock_leases (dfid, resource_id, expires_at, fence) VALUES ('old', 'cash', NULL, 3)`,
    )
    await using storage = sqliteStorage(path)
    await storage.resourceLock.release('python')
    for (const run of [hold, lease, hold, lease]) run.run()
    db.close()
    expect(ask(path, `SELECT COUNT(*) AS leases FROM resource_lock_leases WHERE dfid = 'old'`)).toEqual([
      { leases: 1 },
    ])
    await storage.resourceLock.release('old')
    expect(await storage.resourceLock.getLockedAmount('cash', null)).toBe(300.250001)
  })
})

test('what was printed and interrupted is brought to its end by init', { timeout: 60_000 }, async () => {
  const statements = /^(?:CREATE|ALTER|INSERT|UPDATE|DELETE|DROP) /gm
  const places = Array.from(sqliteSchema().matchAll(statements), ({ index }) => index)
  for (const place of places) {
    const path = join(folder, `interrupted-${place}.sqlite`)
    const db = new BetterSqlite3(path)
    db.pragma('synchronous = OFF')
    db.exec(sqliteSchema().slice(0, place))
    db.close()
    await using storage = sqliteStorage(path)
    expect(await storage.decisionAudit.record('f', 'E')).toBe(1)
  }
})

test('a release that is too old for a file says which one it takes', async () => {
  const path = join(folder, 'newer.sqlite')
  const db = new BetterSqlite3(path)
  db.exec(sqliteSchema())
  db.exec(`UPDATE dir_storage_meta SET value = 99 WHERE name = 'schema_version';
    UPDATE dir_storage_meta SET value = '9.9.0' WHERE name = 'release'`)
  db.close()
  await using storage = sqliteStorage(path)
  await expect(storage.init()).rejects.toThrow(
    expect.objectContaining({
      code: 'STORAGE_SCHEMA',
      found: '99',
      expected: String(SCHEMA_VERSION),
      message: expect.stringContaining('Update @dir/storage-sqlite to 9.9.0 or newer.'),
    }),
  )
})

test('a step that was released is never changed', () => {
  expect(STEPS.map(({ sql }) => createHash('sha256').update(sql).digest('hex').slice(0, 16))).toEqual([
    '69392722155c512f',
    '802e66876ae29818',
    '19ed3cfab944b1a8',
    '0cd90cff363a4c86',
    'de48c29e690cee13',
  ])
})

test('no statements are printed for a version that there is not', () => {
  expect(sqliteSchema(SCHEMA_VERSION)).toBe('')
  for (const from of [-1, 1.5, SCHEMA_VERSION + 1])
    expect(() => sqliteSchema(from)).toThrow(expect.objectContaining({ code: 'STORAGE_INVALID_ARGUMENT' }))
})
