import { join } from 'node:path'
import type { EscalationStorage, RequestFilter } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { expectQuick, firstPage, quickest } from '../../../test/load/quickest.ts'
import { testFolder } from './folder.ts'
import { python, skipPython } from './python.ts'

// Python has no column for who decided: that stands beside, and goes when what it belongs to does.

const folder = testFolder()
const AT = '2026-03-01T10:00:00.000000Z'
const REQUEST = { agentId: 'agent', reason: 'r', contextJson: '{}', proposalJson: '1', impact: 'i' }
const OPEN = `INSERT OR REPLACE INTO escalation_requests
  (dfid, agent_id, reason, context_json, proposal_json, impact, status) VALUES (?, 'agent', 'r', '{}', '1', 'i', 'PENDING')`
const RESOLVE = `UPDATE escalation_requests SET status = 'RESOLVED', resolved_at = '2026-03-01T10:00:00+00:00',
  human_decision = 'NO', proposal_json = COALESCE(NULL, proposal_json) WHERE dfid = ?`

/** What somebody else does to a request that a reviewer has decided, and what is shown then. */
const CHANGES: readonly (readonly [string, readonly string[], object | null])[] = [
  ['opened again', [OPEN], { status: 'PENDING', decision: null, resolvedAt: null, resolvedBy: null }],
  ['decided again', [RESOLVE], { status: 'RESOLVED', decision: 'NO', resolvedAt: AT, resolvedBy: null }],
  [
    'opened and decided again',
    [OPEN, RESOLVE],
    { status: 'RESOLVED', decision: 'NO', resolvedAt: AT, resolvedBy: null },
  ],
  ['removed', [`DELETE FROM escalation_requests WHERE dfid = ?`], null],
  [
    'removed and opened',
    [`DELETE FROM escalation_requests WHERE dfid = ?`, OPEN],
    { status: 'PENDING', decision: null, resolvedAt: null, resolvedBy: null },
  ],
  [
    'given another reason',
    [`UPDATE escalation_requests SET reason = 'r' WHERE dfid = ?`],
    { status: 'RESOLVED', decision: 'YES', resolvedAt: AT, resolvedBy: 'reviewer' },
  ],
]

async function decidedBy(escalation: EscalationStorage, dfid: string): Promise<void> {
  await escalation.insertRequest({ dfid, ...REQUEST })
  await escalation.resolveRequest(dfid, AT, 'YES', null, { resolvedBy: 'reviewer' })
}

test.skipIf(skipPython)('who decided is gone when Python opens, decides or removes the request', async () => {
  const path = join(folder, 'python.sqlite')
  await using storage = sqliteStorage({ path, journalMode: 'delete' })
  for (const [name] of CHANGES) await decidedBy(storage.escalation, name)
  python(
    `for name, statements in json.loads(args[0]):
  for sql in statements: run(sql, name)`,
    path,
    JSON.stringify(CHANGES.map(([name, statements]) => [name, statements])),
  )
  for (const [name, , expected] of CHANGES) {
    const request = await storage.escalation.getRequest(name)
    const asked = { ...REQUEST, dfid: name, context: {}, proposal: 1 }
    const createdAt = request?.createdAt
    expect([name, request]).toEqual([name, expected && { ...asked, createdAt, ...expected }])
  }
  const db = new BetterSqlite3(path)
  const left = db.prepare(`SELECT * FROM escalation_resolvers`).all()
  db.close()
  expect(left).toEqual([{ dfid: 'given another reason', resolved_by: 'reviewer' }])
})

test('what Python could store of a decision and nobody can read is told, and the rest is shown', async () => {
  const path = join(folder, 'odd.sqlite')
  await using storage = sqliteStorage(path)
  const { escalation } = storage
  const odd = { status: `'APPROVED'`, resolved_at: '7', human_decision: `x'00'`, created_at: `'soon'` }
  for (const dfid of ['sound', ...Object.keys(odd)]) await decidedBy(escalation, dfid)
  const db = new BetterSqlite3(path)
  for (const [column, value] of Object.entries(odd))
    db.exec(`UPDATE escalation_requests SET ${column} = ${value} WHERE dfid = '${column}'`)
  db.exec(`INSERT INTO escalation_requests (dfid, agent_id) VALUES (x'00', 'agent'), (NULL, 'agent')`)
  db.close()
  const listed = async (filter?: RequestFilter) => {
    const all = await Array.fromAsync(escalation.listRequests(filter))
    return all.map(({ dfid, status, decision, resolvedAt, createdAt, error }) => {
      const nulls = { status, decision, resolvedAt, createdAt }
      return [dfid, Object.keys(nulls).filter((key) => Reflect.get(nulls, key) === null), error?.column]
    })
  }
  const sound = ['sound', [], undefined]
  const unread = {
    status: ['status', ['status'], 'status'],
    resolvedAt: ['resolved_at', ['resolvedAt'], 'resolved_at'],
    decision: ['human_decision', ['decision'], 'human_decision'],
    createdAt: ['created_at', ['createdAt'], 'created_at'],
  }
  expect(await listed()).toEqual([sound, ...Object.values(unread)])
  const { resolvedAt, decision, createdAt } = unread
  expect(await listed({ status: 'RESOLVED' })).toEqual([sound, resolvedAt, decision, createdAt])
  expect(await listed({ olderThanSec: 3_600 })).toEqual([createdAt])
  for (const column of Object.keys(odd))
    await expect(escalation.getRequest(column)).rejects.toThrow(
      expect.objectContaining({
        code: 'STORAGE_STORED_DATA',
        table: 'escalation_requests',
        column,
        protocol: 'escalation',
        operation: 'getRequest',
      }),
    )
})

test('a page of requests takes no longer in a store of a hundred thousand', { timeout: 60_000 }, async () => {
  const path = join(folder, 'growth.sqlite')
  await using storage = sqliteStorage(path)
  const { escalation } = storage
  const filters: readonly RequestFilter[] = [
    {},
    { status: 'PENDING' },
    { status: 'PENDING', agentId: 'rare' },
    { agentId: 'rare' },
    { agentId: 'rare', status: 'RESOLVED' },
    { olderThanSec: 0 },
  ]
  const fill = (from: number, to: number): void => {
    const db = new BetterSqlite3(path)
    db.exec(`WITH RECURSIVE n (i) AS (VALUES (${from}) UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
      INSERT INTO escalation_requests (dfid, agent_id, status, resolved_at)
      SELECT 'flow ' || i, 'agent ' || (i % 7), 'RESOLVED', '2026-03-01 10:00:00' FROM n`)
    db.close()
  }
  await escalation.initSchema()
  fill(1, 1_000)
  await escalation.insertRequest({ dfid: 'rare pending', ...REQUEST, agentId: 'rare' })
  await decidedBy(escalation, 'decided')
  const db = new BetterSqlite3(path)
  db.exec(`UPDATE escalation_requests SET agent_id = 'rare' WHERE dfid = 'decided'`)
  db.close()
  const before: number[] = []
  for (const filter of filters) before.push(await quickest(() => firstPage(escalation.listRequests(filter))))
  fill(1_001, 100_000)
  for (const [index, filter] of filters.entries())
    await expectQuick(
      () => firstPage(escalation.listRequests(filter)),
      5 * (before[index] ?? 0) + 0.5,
      `filter ${index}`,
    )
})
