import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { mapError } from '../src/errors.ts'
import { sqliteStorage } from '../src/index.ts'
import { commitOutcome } from '../src/result-codes.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

/** Every result code of the SQLite that the driver brings, from its own header. */
const CODES = (() => {
  const manifest = createRequire(import.meta.url).resolve('better-sqlite3/package.json')
  const header = readFileSync(join(dirname(manifest), 'deps', 'sqlite3', 'sqlite3.h'), 'utf8')
  const primary = [...header.matchAll(/^#define (SQLITE_[A-Z]+)\s+(\d+)\s+\/\*/gm)].map(
    ([, name = '', number]) => {
      return { name, primary: name, number: Number(number) }
    },
  )
  const numbers = new Map(primary.map(({ name, number }) => [name, number]))
  const extended = [...header.matchAll(/^#define (SQLITE_\w+)\s+\((SQLITE_[A-Z]+) \| \((\d+)<<8\)\)/gm)]
  const others = extended.map(([, name = '', of = '', high]) => {
    return { name, primary: of, number: (numbers.get(of) ?? -1) | (Number(high) << 8) }
  })
  return [...primary.slice(0, 29), ...others].filter(({ primary: of }) => !/_(OK|NOTICE|WARNING)$/.test(of))
})()

/** By primary code: ours, whether the call may be made again, and what is known of a commit that ends so. */
const EXPECTED: Readonly<Record<string, readonly [code: string, retryable: boolean, outcome: string]>> = {
  ERROR: ['INTERNAL', false, 'unknown'],
  INTERNAL: ['INTERNAL', false, 'unknown'],
  PERM: ['PERMISSION', false, 'unknown'],
  ABORT: ['INTERNAL', false, 'unknown'],
  BUSY: ['RESOURCE_CONTENTION', true, 'not-applied'],
  LOCKED: ['RESOURCE_CONTENTION', true, 'not-applied'],
  NOMEM: ['FULL', false, 'unknown'],
  READONLY: ['READ_ONLY', false, 'not-applied'],
  INTERRUPT: ['INTERNAL', false, 'unknown'],
  IOERR: ['IO', false, 'unknown'],
  CORRUPT: ['CORRUPT', false, 'unknown'],
  NOTFOUND: ['INTERNAL', false, 'unknown'],
  FULL: ['FULL', false, 'not-applied'],
  CANTOPEN: ['UNAVAILABLE', false, 'unknown'],
  PROTOCOL: ['RESOURCE_CONTENTION', true, 'not-applied'],
  EMPTY: ['INTERNAL', false, 'unknown'],
  SCHEMA: ['SCHEMA', false, 'unknown'],
  TOOBIG: ['VALUE_TOO_LARGE', false, 'unknown'],
  CONSTRAINT: ['SCHEMA', false, 'not-applied'],
  MISMATCH: ['INTERNAL', false, 'unknown'],
  MISUSE: ['INTERNAL', false, 'unknown'],
  NOLFS: ['INTERNAL', false, 'unknown'],
  AUTH: ['PERMISSION', false, 'unknown'],
  FORMAT: ['CORRUPT', false, 'unknown'],
  RANGE: ['INTERNAL', false, 'unknown'],
  NOTADB: ['CORRUPT', false, 'unknown'],
}

/** Extended codes that mean something else than their primary one. */
const EXCEPTIONS: typeof EXPECTED = {
  IOERR_SHORT_READ: ['CORRUPT', false, 'unknown'],
  IOERR_CORRUPTFS: ['CORRUPT', false, 'unknown'],
  IOERR_DATA: ['CORRUPT', false, 'unknown'],
  IOERR_NOMEM: ['FULL', false, 'unknown'],
  READONLY_DBMOVED: ['UNAVAILABLE', false, 'unknown'],
}

describe('every result code of SQLite', () => {
  test('is in the table', () => {
    expect(CODES.length).toBeGreaterThan(90)
    const known = CODES.filter(({ primary }) => EXPECTED[primary.slice(7)] === undefined)
    expect(known).toEqual([])
  })

  test.each(CODES)(
    '$name has its class, also where the driver knows only its number',
    ({ name, primary, number }) => {
      const [code, retryable, outcome] = EXCEPTIONS[name.slice(7)] ?? EXPECTED[primary.slice(7)] ?? []
      const error = Object.assign(new Error('x'), { code: name })
      expect(mapError(error)).toEqual(
        expect.objectContaining({ code: `STORAGE_${code}`, retryable, outcome: 'not-applied' }),
      )
      expect(commitOutcome(error)).toBe(outcome)
      const [general] = EXPECTED[primary.slice(7)] ?? []
      const nameless = Object.assign(new Error('x'), { code: `UNKNOWN_SQLITE_ERROR_${number}` })
      expect(mapError(nameless)).toEqual(expect.objectContaining({ code: `STORAGE_${general}` }))
    },
  )
})

test.each([
  ['ENOSPC', 'STORAGE_FULL', false],
  ['EDQUOT', 'STORAGE_FULL', false],
  ['ENOMEM', 'STORAGE_FULL', false],
  ['EIO', 'STORAGE_IO', false],
  ['EROFS', 'STORAGE_READ_ONLY', false],
  ['EACCES', 'STORAGE_PERMISSION', false],
  ['EPERM', 'STORAGE_PERMISSION', false],
  ['EMFILE', 'STORAGE_UNAVAILABLE', true],
  ['ENFILE', 'STORAGE_UNAVAILABLE', true],
  ['ENAMETOOLONG', 'STORAGE_UNAVAILABLE', false],
  ['ELOOP', 'STORAGE_UNAVAILABLE', false],
  ['ESTALE', 'STORAGE_UNAVAILABLE', false],
])('the system call that fails with %s becomes %s', (code, expected, retryable) => {
  const error = Object.assign(new Error('x'), { code, syscall: 'open' })
  expect(mapError(error)).toEqual(expect.objectContaining({ code: expected, retryable }))
})

test("what a trigger of somebody else's makes of a row is in no error", async () => {
  const path = join(folder, 'trigger.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  const db = new BetterSqlite3(path)
  db.exec(`CREATE TRIGGER quoting BEFORE INSERT ON context_session
    BEGIN SELECT RAISE(ABORT, 'not ' || NEW.data) FROM (SELECT 1); END`)
  db.close()
  const error: unknown = await storage.context
    .setSession('secret-id', '"secret"')
    .catch((thrown: unknown) => thrown)
  expect(error).toEqual(expect.objectContaining({ code: 'STORAGE_SCHEMA', outcome: 'not-applied' }))
  expect(inspect(error, { depth: 10 }).replaceAll(/\n\s+at .*/g, '') + JSON.stringify(error)).not.toContain(
    'secret',
  )
})

test('a driver whose native part does not load says what to do', () => {
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))
  const script = `
    Object.defineProperty(process, 'arch', { value: 'mips' }) // for which the driver brings nothing
    const { sqliteStorage } = await import(${JSON.stringify(index)})
    await sqliteStorage(':memory:').init().catch(({ code, message, setting }) => console.log(JSON.stringify({ code, message, setting })))`
  const args = ['--conditions=@dir/source', '--input-type=module', '-e', script]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({
    code: 'STORAGE_CONFIGURATION',
    message: expect.stringMatching(
      /native part of better-sqlite3 cannot be loaded on .*-mips.*install there/s,
    ),
    setting: 'better-sqlite3',
  })
})
