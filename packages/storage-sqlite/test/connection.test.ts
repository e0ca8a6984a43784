import { rmSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, expect, test, vi } from 'vitest'
import { busy } from '../src/errors.ts'
import { openFile } from '../src/open.ts'
import { OwnLock } from '../src/own-lock.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

afterEach(() => void vi.restoreAllMocks())

test('a transaction that cannot begin leaves no lock, though way was given before', () => {
  const path = join(folder, 'way.sqlite')
  const lock = new OwnLock(path)
  const db = openFile(path, true, lock)
  db.exec('CREATE TABLE t (a)')
  lock.meetOthers()
  vi.spyOn(Math, 'random').mockReturnValue(0)
  expect(db.givesWay()).toBe(true)
  rmSync(path)
  expect(() => db.begin()).toThrow('removed or replaced')
  const others = new BetterSqlite3(`${path}-lock`, { timeout: 0 })
  others.exec('BEGIN IMMEDIATE')
  others.close()
  db.close()
})

test('what is committed is not denied because its new log cannot be watched yet', () => {
  const path = join(folder, 'new-log.sqlite')
  const db = openFile(path, true)
  db.exec('CREATE TABLE t (a)')
  const other = new BetterSqlite3(path)
  other.pragma('journal_mode = WAL')
  other.close()
  db.begin()
  db.run('INSERT INTO t VALUES (1)')
  vi.spyOn(db, 'watchFiles').mockImplementation(() => {
    throw busy()
  })
  expect(db.commit()).toBe(true)
  expect(() => db.begin()).toThrow('locked') // and nothing more is written before it is watched
  vi.restoreAllMocks()
  db.begin()
  db.rollback()
  db.close()
})
