import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

// Real failures of the disk under a real process: what it was told must be what is in the file afterwards.
const folder = testFolder()
const writer = [
  process.execPath,
  '--conditions=@dir/source',
  fileURLToPath(new URL('failing-disk-writer.ts', import.meta.url)),
]
const ROUNDS = 12

interface Told {
  readonly name: string
  readonly code: string
  readonly outcome: string
  readonly operation: string
}

async function prepare(name: string, journalMode: 'wal' | 'delete'): Promise<string> {
  const path = join(folder, `${name}.sqlite`)
  await using storage = sqliteStorage({ path, journalMode })
  await storage.init()
  return path
}

/** Runs the writer behind `command`. @returns what each write was told. */
function write(path: string, program: string, ...command: string[]): Told[] {
  const args = [...command, ...writer, path, String(ROUNDS)]
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  const lines = stdout.split('\n').filter((line) => line.startsWith('['))
  if (lines.length !== ROUNDS * 3) throw new Error(stderr.slice(-2000))
  return lines.map((line) => {
    const [name = '', code = '', outcome = '', operation = ''] = JSON.parse(line) as string[]
    return { name, code, outcome, operation }
  })
}

function stored(path: string): Set<string> {
  const db = new BetterSqlite3(path)
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  const rows = db
    .prepare(
      'SELECT dfid FROM decision_audit_events UNION SELECT dfid FROM context_session UNION SELECT dfid FROM saga_dirty_state',
    )
    .pluck()
    .all() as string[]
  db.close()
  return new Set(rows)
}

function expectHonest(path: string, told: readonly Told[], codes: readonly string[]): void {
  const rows = stored(path)
  const failed = told.filter(({ code }) => code !== 'ok')
  expect(failed.length, 'the fault must hit something').toBeGreaterThan(0)
  expect(failed.filter(({ code }) => !codes.includes(code))).toEqual([])
  expect(told.filter(({ name, outcome }) => outcome === 'applied' && !rows.has(name))).toEqual([])
  expect(told.filter(({ name, outcome }) => outcome === 'not-applied' && rows.has(name))).toEqual([])
  // those of a round that fail share a commit, and so their fate, but each is told of its own call
  const operations: Readonly<Record<string, string>> = {
    event: 'record',
    session: 'setSession',
    dirty: 'markDirty',
  }
  const rounds = Map.groupBy(failed, ({ name }) => name.split('-')[1])
  for (const round of rounds.values()) {
    expect(new Set(round.map(({ code, outcome }) => `${code} ${outcome}`)).size).toBe(1)
    for (const { name, operation } of round) expect(operation).toBe(operations[name.split('-')[0] ?? ''])
  }
}

const shell = spawnSync('sh', ['-c', 'ulimit -f 1000']).status === 0

test.skipIf(!shell && process.env['STORAGE_REQUIRE'] !== 'all')(
  'a file that may not grow is an I/O error',
  async () => {
    const path = await prepare('limit', 'delete')
    const told = write(path, 'sh', '-c', `trap '' XFSZ; ulimit -f 400; exec "$@"`, 'sh')
    expectHonest(path, told, ['STORAGE_IO', 'STORAGE_FULL'])
  },
)

const strace =
  spawnSync('strace', ['-o', '/dev/null', '-e', 'inject=fsync:error=EIO:when=1', 'true']).status === 0

describe.each(['wal', 'delete'] as const)('a %s file', (journalMode) => {
  test.skipIf(!strace && process.env['STORAGE_REQUIRE'] !== 'all').each([
    ['pwrite64', 'ENOSPC', '4', ['STORAGE_FULL']],
    ['pwrite64', 'ENOSPC', '9+', ['STORAGE_FULL']],
    ['pwrite64', 'EIO', '7', ['STORAGE_IO']],
    ['fsync,fdatasync', 'EIO', '2', ['STORAGE_IO']],
    ['fsync,fdatasync', 'EIO', '3', ['STORAGE_IO']],
    ['fsync,fdatasync', 'EIO', '5+', ['STORAGE_IO']],
  ])('%s fails with %s the %s. time: nothing false is told', async (calls, error, when, codes) => {
    const path = await prepare(`${journalMode}-${calls}-${error}-${when}`, journalMode)
    const files = ['', '-wal', '-journal'].flatMap((suffix) => ['-P', path + suffix])
    const inject = `inject=${calls}:error=${error}:when=${when}`
    const told = write(
      path,
      'strace',
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      ...files,
      '-e',
      `trace=${calls}`,
      '-e',
      inject,
    )
    expectHonest(path, told, codes)
  })
})
