import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { publicFolder } from './folder.ts'

const folder = publicFolder()

test('a path that leads through a file, or to a folder, cannot be opened', async () => {
  writeFileSync(join(folder, 'file'), '')
  for (const path of [join(folder, 'file', 'x.sqlite'), folder]) {
    await using storage = sqliteStorage(path)
    await expect(storage.init()).rejects.toThrow(
      expect.objectContaining({
        code: 'STORAGE_UNAVAILABLE',
        phase: 'connect',
        retryable: false,
        outcome: 'not-applied',
      }),
    )
  }
})

// Root may write everywhere, so these run in a process that has given that up.
const unprivileged = fileURLToPath(new URL('unprivileged.ts', import.meta.url))
const asNobody = (path: string): unknown => {
  const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=@dir/source', unprivileged, path], {
    encoding: 'utf8',
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

test('a file that may only be read is read, and takes no writes', async () => {
  const path = join(folder, 'readonly.sqlite')
  await using storage = sqliteStorage({ path, journalMode: 'delete' })
  await storage.context.setSession('f', '{}')
  await storage.close()
  chmodSync(path, 0o444)
  expect(asNobody(path)).toEqual({
    session: '{}',
    write: { code: 'STORAGE_READ_ONLY', outcome: 'not-applied', retryable: false },
  })
})

test('a WAL file in a folder that may only be read is read where its log stands there', async () => {
  const path = join(folder, 'locked', 'wal.sqlite')
  await using storage = sqliteStorage(path)
  await storage.context.setSession('f', '{}')
  await storage.close()
  chmodSync(path, 0o444)
  chmodSync(join(folder, 'locked'), 0o555)
  const refused = { code: 'STORAGE_READ_ONLY', outcome: 'not-applied', retryable: false }
  expect(asNobody(path)).toEqual({ session: '{}', write: refused })
  chmodSync(join(folder, 'locked'), 0o755)
  rmSync(`${path}-wal`)
  rmSync(`${path}-shm`)
  chmodSync(join(folder, 'locked'), 0o777)
  // to make them would lock the owner out, who may not write what somebody else made
  expect(asNobody(path)).toEqual({ session: refused, write: refused })
  expect(readdirSync(join(folder, 'locked'))).toEqual(['wal.sqlite', 'wal.sqlite-lock'])
})

test('a lock file that this process may not write keeps nobody from writing the store', async () => {
  const path = join(folder, 'foreign-lock', 'x.sqlite')
  await using storage = sqliteStorage({ path, journalMode: 'delete' })
  await storage.context.setSession('f', '{}')
  await storage.close()
  chmodSync(dirname(path), 0o777)
  chmodSync(path, 0o666)
  chmodSync(`${path}-lock`, 0o444)
  expect(asNobody(path)).toEqual({ session: '{}' })
})

test("a file of Python's that may only be read is read, and nothing is added to it", () => {
  const path = join(folder, 'python.sqlite')
  copyFileSync(new URL('fixtures/python-edge.sqlite', import.meta.url), path)
  const before = readFileSync(path)
  chmodSync(path, 0o444)
  expect(asNobody(path)).toEqual({
    session: null,
    write: { code: 'STORAGE_READ_ONLY', outcome: 'not-applied', retryable: false },
  })
  expect(readFileSync(path)).toEqual(before)
})

test('a folder that may not be entered, or not be made, says so', () => {
  mkdirSync(join(folder, 'private'))
  chmodSync(join(folder, 'private'), 0)
  const refused = { code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied', retryable: false }
  expect(asNobody(join(folder, 'private', 'x.sqlite'))).toEqual({ session: refused, write: refused })
  chmodSync(join(folder, 'private'), 0o755)
  mkdirSync(join(folder, 'closed'))
  chmodSync(join(folder, 'closed'), 0o555)
  const forbidden = { code: 'STORAGE_PERMISSION', outcome: 'not-applied', retryable: false }
  expect(asNobody(join(folder, 'closed', 'new', 'x.sqlite'))).toEqual({
    session: forbidden,
    write: forbidden,
  })
  chmodSync(join(folder, 'closed'), 0o755)
})

test('damage is told, and nothing more is written to that file', async () => {
  const path = join(folder, 'damaged.sqlite')
  await using storage = sqliteStorage({ path, journalMode: 'delete' })
  const big = JSON.stringify('x'.repeat(3000))
  await Promise.all(Array.from({ length: 50 }, (_, n) => storage.context.setSession(`f${n}`, big)))
  const db = new BetterSqlite3(path)
  const page = db
    .prepare(`SELECT rootpage FROM sqlite_master WHERE name = 'context_session'`)
    .pluck()
    .get() as number
  db.unsafeMode().pragma('writable_schema = ON')
  db.prepare(`UPDATE sqlite_master SET rootpage = ? WHERE name = 'context_session'`).run(page + 1)
  db.close()
  const damaged = expect.objectContaining({ code: 'STORAGE_CORRUPT' })
  await using late = sqliteStorage(path)
  await expect(late.context.setSession('f1', '{}')).rejects.toThrow(damaged)
})

test('damage that a write meets is told by health too', async () => {
  const path = join(folder, 'torn.sqlite')
  const big = JSON.stringify('x'.repeat(1000))
  const flows = Array.from({ length: 50 }, (_, n) => `f${n}`)
  const first = sqliteStorage({ path, journalMode: 'delete' })
  await Promise.all(flows.map((flow) => first.context.setSession(flow, big)))
  await first.close()
  const bytes = readFileSync(path)
  bytes.fill(0, bytes.length - 20 * 2048, bytes.length - 18 * 2048)
  writeFileSync(path, bytes)
  await using late = sqliteStorage(path)
  const ends = await Promise.allSettled(flows.map((flow) => late.context.setSession(flow, big)))
  expect(ends.map(({ status }) => status)).toContain('rejected')
  expect(await late.health()).toEqual(
    expect.objectContaining({ ok: false, details: expect.objectContaining({ code: 'STORAGE_CORRUPT' }) }),
  )
})

test('a file that is removed or replaced takes no more writes, and says so', async () => {
  const path = join(folder, 'moved.sqlite')
  await using storage = sqliteStorage(path)
  await storage.context.setSession('f', '1')
  renameSync(path, `${path}.away`)
  const gone = expect.objectContaining({
    code: 'STORAGE_UNAVAILABLE',
    phase: 'file',
    outcome: 'not-applied',
    retryable: false,
  })
  await expect(storage.context.setSession('f', '2')).rejects.toThrow(gone)
  expect((await storage.health()).ok).toBe(false)
  writeFileSync(path, '')
  await expect(storage.context.setSession('f', '3')).rejects.toThrow(gone)
  rmSync(path)
  renameSync(`${path}.away`, path)
  await storage.context.setSession('f', '4')
  expect([await storage.context.getSession('f'), (await storage.health()).ok]).toEqual(['4', true])
})

test('a table that somebody drops is a schema error', async () => {
  const path = join(folder, 'dropped.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const db = new BetterSqlite3(path)
  db.exec('DROP TABLE intent_retry')
  db.close()
  const refusal = expect.objectContaining({
    code: 'STORAGE_SCHEMA',
    protocol: 'intentRetry',
    outcome: 'not-applied',
  })
  await expect(storage.intentRetry.increment('f')).rejects.toThrow(refusal)
  await expect(storage.intentRetry.getCount('f')).rejects.toThrow(refusal)
})

test('another writer that keeps the file is contention, after the deadline', async () => {
  const path = join(folder, 'busy.sqlite')
  await using storage = sqliteStorage({ path, operationTimeoutMs: 200 })
  await storage.init()
  const other = new BetterSqlite3(path)
  other.exec('BEGIN IMMEDIATE')
  await expect(storage.saga.clearDirty('f')).rejects.toThrow(
    expect.objectContaining({ code: 'STORAGE_RESOURCE_CONTENTION', retryable: true, outcome: 'not-applied' }),
  )
  other.exec('COMMIT')
  other.close()
  await storage.saga.clearDirty('f')
})

test('in a rollback journal, readers are kept out for the length of a write, and are contention for longer', async () => {
  const path = join(folder, 'reader.sqlite')
  await using storage = sqliteStorage({ path, journalMode: 'delete', operationTimeoutMs: 200 })
  await storage.init()
  const other = new BetterSqlite3(path)
  other.exec('BEGIN; SELECT * FROM saga_dirty_state')
  other.prepare('SELECT * FROM saga_dirty_state').all()
  expect(await storage.resourceLock.acquire('f', { r: 1 }, 0)).toBeNull()
  await expect(storage.saga.clearDirty('f')).rejects.toThrow(
    expect.objectContaining({ code: 'STORAGE_RESOURCE_CONTENTION', outcome: 'not-applied' }),
  )
  other.exec('BEGIN EXCLUSIVE'.replace('BEGIN EXCLUSIVE', 'COMMIT; BEGIN EXCLUSIVE'))
  await expect(storage.saga.getDirtyFlows()).rejects.toThrow(
    expect.objectContaining({ code: 'STORAGE_RESOURCE_CONTENTION', outcome: 'not-applied' }),
  )
  other.exec('COMMIT')
  other.close()
  expect(await storage.resourceLock.getHolds()).toEqual([])
})

test('no error holds an id, a payload or a path', async () => {
  const path = join(folder, 'secret-path.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const db = new BetterSqlite3(path)
  db.exec('DROP TABLE context_session')
  db.close()
  const error: unknown = await storage.context
    .setSession('secret-id', '"secret-json"')
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Error)
  expect(inspect(error, { depth: 10 }).replace(/\n\s+at .*/g, '') + JSON.stringify(error)).not.toContain(
    'secret',
  )
})
