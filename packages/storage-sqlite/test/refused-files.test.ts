import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { SCHEMA_VERSION, dropNamespace, ensureDb, sqliteSchema, sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

/** Name and hash of a file and of what stands beside it. */
function state(path: string): string[][] {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(basename(path)))
  return names.map((name) => {
    return [
      name,
      createHash('sha256')
        .update(readFileSync(join(dirname(path), name)))
        .digest('hex'),
    ]
  })
}

function database(path: string, ...scripts: string[]): void {
  const db = new BetterSqlite3(path)
  for (const script of scripts) db.exec(script)
  db.close()
}

/** A WAL file as a killed process leaves it: with commits that stand only in its log. */
function crashed(path: string, ...scripts: string[]): void {
  const db = new BetterSqlite3(`${path}.origin`)
  for (const script of ['PRAGMA journal_mode = WAL', ...scripts]) db.exec(script)
  copyFileSync(`${path}.origin`, path)
  copyFileSync(`${path}.origin-wal`, `${path}-wal`)
  db.close()
}

const manyRows = `
  CREATE TABLE filler (x);
  WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1000)
  INSERT INTO filler SELECT randomblob(200) FROM n;`

const FILES: Readonly<Record<string, readonly [code: string, make: (path: string) => void]>> = {
  'no database at all': [
    'STORAGE_CORRUPT',
    (path) => writeFileSync(path, 'a diary, not a database\n'.repeat(400)),
  ],
  'a short text': ['STORAGE_CORRUPT', (path) => writeFileSync(path, 'x')],
  'one of our names with other columns': [
    'STORAGE_SCHEMA',
    (path) => database(path, 'CREATE TABLE agent_registry (name TEXT)'),
  ],
  'one of our names with other columns, in WAL mode': [
    'STORAGE_SCHEMA',
    (path) => database(path, 'PRAGMA journal_mode = WAL', 'CREATE TABLE Agent_Registry (name TEXT)'),
  ],
  'a view of one of our names': [
    'STORAGE_SCHEMA',
    (path) => database(path, 'CREATE VIEW saga_dirty_state AS SELECT 1 AS dfid'),
  ],
  'nothing but the root table of the second generation': [
    'STORAGE_SCHEMA',
    (path) => database(path, 'CREATE TABLE decision_flows (dfid TEXT)'),
  ],
  'the second generation of the original': [
    'STORAGE_SCHEMA',
    (path) =>
      database(
        path,
        'CREATE TABLE decision_flows (dfid TEXT)',
        'CREATE TABLE agent_registry (agent_id TEXT)',
      ),
  ],
  'a newer schema': [
    'STORAGE_SCHEMA',
    (path) =>
      database(path, sqliteSchema(), "UPDATE dir_storage_meta SET value = 99 WHERE name = 'schema_version'"),
  ],
  'a table of ours missing': [
    'STORAGE_SCHEMA',
    (path) => database(path, sqliteSchema(), 'DROP TABLE saga_dirty_state'),
  ],
  'its end cut off': [
    'STORAGE_CORRUPT',
    (path) => {
      database(path, sqliteSchema(), manyRows)
      truncateSync(path, 40_960)
    },
  ],
  'its end cut off, in WAL mode': [
    'STORAGE_CORRUPT',
    (path) => {
      database(path, 'PRAGMA journal_mode = WAL', sqliteSchema())
      truncateSync(path, 40_960)
    },
  ],
}

describe.each(Object.entries(FILES))('a file with %s', (name, [code, make]) => {
  const path = join(folder, `${name}.sqlite`)

  test('is refused and left as it was, and can be asked for again', async () => {
    make(path)
    const before = state(path)
    await using storage = sqliteStorage(path)
    const refusal = expect.objectContaining({
      code,
      backend: 'sqlite',
      outcome: 'not-applied',
      retryable: false,
    })
    await expect(storage.init()).rejects.toThrow(refusal)
    await expect(storage.context.setSession('f', '{}')).rejects.toThrow(refusal)
    await expect(storage.context.getSession('f')).rejects.toThrow(refusal)
    await expect(dropNamespace({ path })).rejects.toThrow(expect.objectContaining({ code }))
    expect((await storage.health()).ok).toBe(false)
    expect(state(path)).toEqual(before)
  })
})

const CONFLICT = 'CREATE TABLE agent_registry (name TEXT)'

test('what another program has in its write-ahead log stays there, also behind a symbolic link', async () => {
  const path = join(folder, 'crashed.sqlite')
  crashed(path, CONFLICT, "INSERT INTO agent_registry VALUES ('Emma')")
  const before = state(path).filter(([name]) => !name?.endsWith('-shm'))
  symlinkSync(path, join(folder, 'link'))
  for (const way of [path, join(folder, 'link')]) {
    await using storage = sqliteStorage(way)
    await expect(storage.init()).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_SCHEMA' }))
    await expect(dropNamespace({ path: way })).rejects.toThrow(
      expect.objectContaining({ code: 'STORAGE_SCHEMA' }),
    )
    expect(state(path).filter(([name]) => !name?.endsWith('-shm'))).toEqual(before)
  }
})

/** A rollback-journal file as a killed process leaves it: in the middle of a commit, its journal beside. */
function interrupted(path: string, ...scripts: string[]): void {
  const db = new BetterSqlite3(`${path}.origin`)
  for (const script of ['PRAGMA cache_size = 1', ...scripts, manyRows]) db.exec(script)
  db.exec('BEGIN; UPDATE filler SET x = randomblob(200)') // more than the cache holds, so it is written before the commit
  copyFileSync(`${path}.origin`, path)
  copyFileSync(`${path}.origin-journal`, `${path}-journal`)
  db.exec('ROLLBACK')
  db.close()
}

test.skipIf(process.platform === 'win32')(
  'what would undo an interrupted write of another program stays there',
  async () => {
    const path = join(folder, 'interrupted.sqlite')
    interrupted(path, CONFLICT)
    const before = state(path)
    expect(before.map(([name]) => name)).toContain('interrupted.sqlite-journal')
    await using storage = sqliteStorage(path)
    await expect(storage.init()).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_SCHEMA' }))
    expect(state(path)).toEqual(before)
  },
)

test('our own interrupted write is undone', async () => {
  const path = join(folder, 'undone.sqlite')
  interrupted(path, sqliteSchema(), "INSERT INTO context_session (dfid, data) VALUES ('f', '{}')")
  await using storage = sqliteStorage({ path, init: false })
  expect(await storage.context.getSession('f')).toBe('{}')
  expect(state(path).map(([name]) => name)).not.toContain('undone.sqlite-journal')
})

test('tables of another program that are not in the way stay beside ours, and keep the file from being dropped', async () => {
  const path = await ensureDb(join(folder, 'beside.sqlite'), (db) => db.exec('CREATE TABLE books (title)'))
  const storage = sqliteStorage(path)
  await storage.context.setSession('f', '{}')
  await storage.close()
  await expect(dropNamespace({ path })).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_SCHEMA' }))
  const db = new BetterSqlite3(path)
  expect(db.prepare('SELECT * FROM books').all()).toEqual([])
  db.close()
})

test('a script of the second generation that ran on our file leaves it ours', async () => {
  const path = join(folder, 'ours-and-second.sqlite')
  database(
    path,
    sqliteSchema(),
    'CREATE TABLE decision_flows (dfid TEXT); CREATE TABLE flow_context (dfid TEXT)',
  )
  await using storage = sqliteStorage(path)
  await storage.context.setSession('f', '{}')
  expect(await storage.context.getSession('f')).toBe('{}')
})

test('our own file is taken up with what a killed process left in its log', async () => {
  const path = join(folder, 'ours.sqlite')
  crashed(path, sqliteSchema(), "INSERT INTO context_session (dfid, data) VALUES ('f', '{}')")
  await using storage = sqliteStorage({ path, init: false })
  expect(await storage.context.getSession('f')).toBe('{}')
})

test('an empty file becomes a database in WAL mode', async () => {
  const path = join(folder, 'empty.sqlite')
  writeFileSync(path, '')
  await using storage = sqliteStorage(path)
  await storage.init()
  expect((await storage.health()).details).toEqual({
    sqliteVersion: expect.stringMatching(/^3\.\d+\.\d+$/),
    schemaVersion: SCHEMA_VERSION,
    missingIndexes: '',
    raisedNumbers: '',
    logBytes: expect.any(Number),
    journalMode: 'wal',
    synchronous: 'full',
    durable: true,
  })
})

test('init: false creates nothing, and is content with what sqliteSchema() made', async () => {
  const path = join(folder, 'missing', 'ddl.sqlite')
  const missing = expect.objectContaining({ code: 'STORAGE_SCHEMA', expected: `version ${SCHEMA_VERSION}` })
  await using none = sqliteStorage({ path, init: false })
  await expect(none.init()).rejects.toThrow(missing)
  expect(readdirSync(folder)).not.toContain('missing')

  mkdirSync(dirname(path))
  writeFileSync(path, '')
  await expect(none.init()).rejects.toThrow(missing)
  expect(state(path).map(([name]) => name)).toEqual(['ddl.sqlite'])
  expect(readFileSync(path)).toHaveLength(0)

  database(path, sqliteSchema())
  await none.init()
  expect(await none.decisionAudit.record('f', 'E')).toBe(1)
})
