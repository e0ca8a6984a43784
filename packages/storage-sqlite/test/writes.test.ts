import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

test('calls of one turn share a commit, and each has its own answer', async () => {
  const path = join(folder, 'turn.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const observer = new BetterSqlite3(path)
  const commits = () => observer.pragma('data_version', { simple: true }) as number
  const before = commits()
  const seqs = await Promise.all(Array.from({ length: 64 }, () => storage.decisionAudit.record('f', 'E')))
  expect(seqs).toEqual(Array.from({ length: 64 }, (_, index) => index + 1))
  expect(commits() - before).toBe(1)
  observer.close()
})

test('what is acknowledged is committed: another connection sees it at once', async () => {
  const path = join(folder, 'acknowledged.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const observer = new BetterSqlite3(path)
  const count = observer.prepare('SELECT COUNT(*) FROM decision_audit_events WHERE id = ?').pluck()
  const checked = await Promise.all(
    Array.from({ length: 500 }, async () => count.get(await storage.decisionAudit.record('f', 'E'))),
  )
  expect(checked).toEqual(checked.map(() => 1))
  observer.close()
})

test('a refusal of one caller undoes nothing of the others in its commit', async () => {
  const path = join(folder, 'refusal.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  // somebody's own trigger makes a batch fail after its first write
  const db = new BetterSqlite3(path)
  db.exec(`CREATE TRIGGER not_b BEFORE INSERT ON context_session WHEN NEW.dfid = 'b'
    BEGIN SELECT RAISE(ABORT, 'not b'); END`)
  db.close()
  const capacities = { r: 1 }
  const answers = await Promise.allSettled([
    storage.resourceLock.acquireBatch('a', { r: 1 }, 0, { capacities }),
    storage.decisionAudit.record('a', 'FIRST'),
    storage.resourceLock.acquireBatch('b', { r: 1 }, 0, { capacities }),
    storage.atomically((batch) => {
      batch.decisionAudit.record('b', 'UNDONE')
      batch.context.setSession('b', '{}')
    }),
    storage.decisionAudit.record('a', 'SECOND'),
  ])
  expect(answers.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.code))).toEqual([
    true,
    1,
    'STORAGE_INSUFFICIENT_CAPACITY',
    'STORAGE_SCHEMA',
    2,
  ])
  expect((await storage.decisionAudit.allEventsChronological()).map(({ event }) => event)).toEqual([
    'FIRST',
    'SECOND',
  ])
  expect((await storage.resourceLock.getHolds()).map(({ dfid }) => dfid)).toEqual(['a'])
})

test('while another process holds the write lock, the event loop runs on', async () => {
  const path = join(folder, 'loop.sqlite')
  await using storage = sqliteStorage({ path, operationTimeoutMs: 20_000 })
  await storage.init()
  const holder = spawn(process.execPath, [script('hold-lock.ts'), path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  let isWritten = false
  const write = storage.decisionAudit.record('f', 'E').then(() => (isWritten = true))
  for (let turn = 0; turn < 100; turn++) await sleep(1)
  expect(isWritten).toBe(false)
  holder.stdin.end()
  await Promise.all([write, ended(holder)])
})

test('reads go on while another process writes, and see what was there before', async () => {
  const path = join(folder, 'read.sqlite')
  await using storage = sqliteStorage(path)
  await storage.context.setSession('f', '1')
  const other = new BetterSqlite3(path)
  other.exec(`BEGIN IMMEDIATE; UPDATE context_session SET data = '2'`)
  expect(await storage.context.getSession('f')).toBe('1')
  other.exec('COMMIT')
  other.close()
  expect(await storage.context.getSession('f')).toBe('2')
})

test('another program that writes is given way now and then, while other handles are kept out', async () => {
  const path = join(folder, 'way.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const other = new BetterSqlite3(path, { timeout: 0 })
  const lock = new BetterSqlite3(`${path}-lock`, { timeout: 0 })
  const isFree = (db: BetterSqlite3.Database): boolean => {
    try {
      db.exec('BEGIN IMMEDIATE; ROLLBACK')
      return true
    } catch {
      return false
    }
  }
  const deadline = performance.now() + 20_000
  let given = false
  while (performance.now() < deadline && !given) {
    other.exec('BEGIN IMMEDIATE')
    const met = storage.decisionAudit.record('f', 'E')
    await sleep(1) // it was tried once, and met the other program
    other.exec('COMMIT')
    await met
    const write = storage.decisionAudit.record('f', 'E')
    await sleep(0)
    given = !isFree(lock) && isFree(other)
    await write
  }
  expect(given).toBe(true)
  other.close()
  lock.close()
})

function script(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null) await once(child, 'exit')
  return child.exitCode
}
