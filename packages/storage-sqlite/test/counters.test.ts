import { statSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

// Numbers that must never come back stand apart from the rows that have them; who restores a file by its tables may
// leave them behind.
const folder = testFolder()

test.each([true, false])('a number that a row has is not given out again (init: %o)', async (init) => {
  const path = join(folder, `${init}.sqlite`)
  await using first = sqliteStorage(path)
  await first.resourceLock.acquire('f', { r: 1 }, 0)
  await first.resourceLock.acquire('g', { r: 1 }, 0)
  for (const event of ['A', 'B', 'C']) await first.decisionAudit.record('f', event)
  await first.close()
  const db = new BetterSqlite3(path)
  db.exec(`DELETE FROM dir_storage_meta WHERE name = 'fence'; DELETE FROM sqlite_sequence`)
  db.close()

  await using storage = sqliteStorage({ path, init })
  const { details } = await storage.health()
  expect(details['raisedNumbers']).toBe('fence, decision_audit_events.id')
  const late = new BetterSqlite3(path)
  late.exec('DELETE FROM decision_audit_events WHERE id = 3; DELETE FROM resource_locks')
  late.close()
  expect(await storage.resourceLock.acquire('h', { r: 1 }, 0)).toEqual({ fence: 3, expiresAt: null })
  expect(await storage.decisionAudit.record('f', 'D')).toBe(4)
  const records = await Array.fromAsync(storage.exportRecords())
  expect(records.at(-1)).toEqual(expect.objectContaining({ type: 'counters', seq: 4, fence: 3 }))
})

test('numbers that Python gave out are exported as such', async () => {
  const path = join(folder, 'python.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const db = new BetterSqlite3(path)
  db.exec(
    `INSERT INTO decision_audit_events (id, dfid, event, timestamp) VALUES (9, 'f', 'E', '2026-03-01T00:00:00Z')`,
  )
  db.close()
  const records = await Array.fromAsync(storage.exportRecords())
  expect(records.at(-1)).toEqual(expect.objectContaining({ type: 'counters', seq: 9, fence: 0 }))
})

test('health() names the indexes that are missing, and how large the log beside the file is', async () => {
  const path = join(folder, 'indexes.sqlite')
  await using storage = sqliteStorage(path)
  await storage.decisionAudit.record('f', 'A')
  const { missingIndexes, raisedNumbers } = (await storage.health()).details
  expect([missingIndexes, raisedNumbers]).toEqual(['', ''])
  expect((await storage.health()).details['logBytes']).toBe(statSync(`${path}-wal`).size)
  const db = new BetterSqlite3(path)
  db.exec('DROP INDEX dir_storage_holds; DROP INDEX dir_storage_tokens')
  db.close()
  expect((await storage.health()).details['missingIndexes']).toBe('dir_storage_tokens, dir_storage_holds')
})
