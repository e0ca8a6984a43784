import { existsSync, lstatSync, readdirSync, realpathSync, symlinkSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { SCHEMA_VERSION, dropNamespace, ensureDb, sqliteSchema, sqliteStorage } from '../src/index.ts'
import { hasWalBug } from '../src/open.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

describe('the options', () => {
  test.each([
    [undefined, 'options'],
    ['', 'path'],
    ['a\0b', 'path'],
    [{ path: 5 }, 'path'],
    ['file:x.sqlite', 'path'],
    ['file::memory:', 'path'],
    ['sqlite:x', 'path'],
    ['sqlite://x', 'path'],
    ['postgres://h/db', 'path'],
    ['x.sqlite ', 'path'],
    [{ path: 'x', jurnalMode: 'wal' }, 'options'],
    [{ path: 'x', journalMode: 'truncate' }, 'journalMode'],
    [{ path: 'x', operationTimeoutMs: 0 }, 'operationTimeoutMs'],
  ])('%o are refused', (options, argument) => {
    expect(() => sqliteStorage(options as unknown as string)).toThrow(
      expect.objectContaining({ code: 'STORAGE_INVALID_ARGUMENT', argument }),
    )
  })

  test('nothing is touched before the first call, and a relative path is meant as it was given', async () => {
    const path = relative(process.cwd(), join(folder, 'lazy', 'x.sqlite'))
    const storage = sqliteStorage(path)
    expect(readdirSync(folder)).not.toContain('lazy')
    const elsewhere = vi.spyOn(process, 'cwd').mockReturnValue(folder)
    await storage.init()
    elsewhere.mockRestore()
    expect(readdirSync(join(folder, 'lazy'))).toContain('x.sqlite')
    await storage.close()
    await storage.close()
    await expect(storage.init()).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
  })

  test('a store in memory is private, and knows the whole contract', async () => {
    await using one = sqliteStorage(':memory:')
    await using other = sqliteStorage(':memory:')
    await one.context.setSession('f', '1')
    expect([await one.context.getSession('f'), await other.context.getSession('f')]).toEqual(['1', null])
    expect((await one.health()).details['durable']).toBe(false)
  })
})

test('dropNamespace removes the file and what stands beside it, and nothing else', async () => {
  const path = join(folder, 'dropped', 'x.sqlite')
  const storage = sqliteStorage(path)
  await storage.context.setSession('f', '1')
  await storage.close()
  await ensureDb(join(folder, 'dropped', 'x.sqlite2'))
  await dropNamespace({ path })
  expect(readdirSync(join(folder, 'dropped'))).toEqual(['x.sqlite2'])
  await dropNamespace({ path })
  await expect(dropNamespace({ path, force: true } as { path: string })).rejects.toThrow(
    expect.objectContaining({ code: 'STORAGE_INVALID_ARGUMENT' }),
  )
})

test('dropNamespace follows a symbolic link, and leaves the link', async () => {
  const path = join(folder, 'linked', 'x.sqlite')
  const link = join(folder, 'link.sqlite')
  const storage = sqliteStorage(path)
  await storage.context.setSession('f', '1')
  await storage.close()
  symlinkSync(path, link)
  await dropNamespace({ path: link })
  expect([readdirSync(join(folder, 'linked')), lstatSync(link).isSymbolicLink()]).toEqual([[], true])
  const again = sqliteStorage(link) // makes the file that the link leads to, and all the others beside it
  await again.context.setSession('f', '1')
  expect(readdirSync(join(folder, 'linked')).sort()).toEqual([
    'x.sqlite',
    'x.sqlite-lock',
    'x.sqlite-shm',
    'x.sqlite-wal',
  ])
  await again.close()
})

describe('ensureDb', () => {
  test('answers where a symbolic link leads, as the original does', async () => {
    const link = join(folder, 'ensured-link.sqlite')
    symlinkSync(join(folder, 'ensured.sqlite'), link)
    expect(await ensureDb(link)).toBe(join(realpathSync(folder), 'ensured.sqlite'))
  })

  test('makes folders and file, and answers the absolute path', async () => {
    const path = join(folder, 'a', 'b', 'made.sqlite')
    const answer = await ensureDb(relative(process.cwd(), path))
    expect([answer, isAbsolute(answer), existsSync(path)]).toEqual([path, true, true])
  })

  test('commits what createTables does, and undoes it where it throws', async () => {
    const path = await ensureDb(join(folder, 'tables.sqlite'), (db) => {
      db.exec('CREATE TABLE books (title TEXT)')
      db.all('INSERT INTO books VALUES (?) RETURNING title', 'Emma')
    })
    const failing = ensureDb(path, (db) => {
      db.exec('DROP TABLE books')
      throw new RangeError('no')
    })
    await expect(failing).rejects.toThrow(RangeError)
    const db = new BetterSqlite3(path)
    expect(db.prepare('SELECT * FROM books').all()).toEqual([{ title: 'Emma' }])
    db.close()
  })
})

test('the printed schema is for one run, changes nothing in another, and uses nothing that SQLite 3.31 lacks', () => {
  const db = new BetterSqlite3(':memory:')
  db.exec(sqliteSchema())
  const all = () => db.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY name').all()
  const once = all()
  expect(() => db.exec(sqliteSchema())).toThrow('duplicate column name: micros')
  expect(all()).toEqual(once)
  expect(db.prepare(`SELECT value FROM dir_storage_meta WHERE name = 'schema_version'`).pluck().get()).toBe(
    SCHEMA_VERSION,
  )
  expect(sqliteSchema()).not.toMatch(/\bSTRICT\b|\bRETURNING\b|->|GENERATED|\bunixepoch\b/)
  db.close()
})

test.each([
  ['3.40.1', true],
  ['3.44.5', true],
  ['3.44.6', false],
  ['3.50.6', true],
  ['3.50.7', false],
  ['3.51.2', true],
  ['3.51.3', false],
  ['3.54.1', false],
])('whether SQLite %s can damage files in WAL mode: %o', (version, expected) => {
  expect(hasWalBug(version)).toBe(expected)
})
