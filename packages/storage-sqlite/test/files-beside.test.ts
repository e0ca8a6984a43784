import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { isStorageError } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'
import { python, skipPython } from './python.ts'

// Closing any descriptor of a file drops the locks that the process has on it. Another process then believes to be alone,
// and its last close takes away the log that this process goes on writing to.
const folder = testFolder()

const DROPS: Readonly<Record<string, (path: string) => void>> = {
  'copies the folder': (path) => cpSync(dirname(path), `${dirname(path)}-copy`, { recursive: true }),
  'copies the file': (path) => copyFileSync(path, `${dirname(path)}.copy`),
  'looks into it through another SQLite': (path) => {
    const db = new DatabaseSync(path, { readOnly: true })
    db.prepare('SELECT COUNT(*) FROM decision_audit_events').get()
    db.close()
  },
}

const reader = fileURLToPath(new URL('read-events.ts', import.meta.url))
const byOurs = (path: string): string[] =>
  JSON.parse(
    execFileSync(process.execPath, ['--conditions=@dir/source', reader, path], { encoding: 'utf8' }),
  ) as string[]
const byPython = (path: string): string[] =>
  python(
    'print(json.dumps([e for (e,) in run("SELECT event FROM decision_audit_events ORDER BY id")]))',
    path,
  ) as string[]

describe.each(['wal', 'delete'] as const)('a %s file whose own process', (journalMode) => {
  describe.each(Object.entries(DROPS))('%s', (name, drop) => {
    describe.each([
      ['this package', byOurs],
      ['Python', byPython],
    ] as const)('while %s opens and closes it', (other, look) => {
      test.skipIf(other === 'Python' && skipPython)('loses nothing that was acknowledged', async () => {
        const path = join(folder, `${journalMode} ${name} ${other}`, 'x.sqlite')
        mkdirSync(dirname(path))
        const told: string[][] = []
        await using storage = sqliteStorage({ path, journalMode })
        const record = async (event: string): Promise<void> => {
          const answer = await storage.decisionAudit.record('f', event).then(
            () => 'applied',
            (error: unknown) => {
              if (!isStorageError(error) || error.code !== 'STORAGE_UNAVAILABLE') throw error
              return error.outcome
            },
          )
          told.push([event, answer])
        }
        await record('before')
        drop(path)
        expect(look(path)).toEqual(['before'])
        for (let n = 0; n < 20; n++) await record(`after ${n}`)
        const seen = look(path)
        expect(told.filter(([event = '', answer]) => answer === 'applied' && !seen.includes(event))).toEqual(
          [],
        )
        expect(
          told.filter(([event = '', answer]) => answer === 'not-applied' && seen.includes(event)),
        ).toEqual([])
        // among handles of this package nobody takes away what others use
        const isWell = (await storage.health()).ok
        expect(isWell).toBe(seen.length === 21)
        expect(isWell || other === 'Python').toBe(true)
        const reads = await storage.decisionAudit.allEventsChronological().then(
          () => 'answered',
          (error: unknown) => (isStorageError(error) ? error.code : error),
        )
        expect(reads).toBe(isWell ? 'answered' : 'STORAGE_UNAVAILABLE')

        await storage.close() // which neither damages the file nor takes away what others use
        expect(look(path)).toEqual(seen)
        await using again = sqliteStorage(path)
        expect(await again.decisionAudit.record('f', 'again')).toBe(seen.length + 1)
        const db = new BetterSqlite3(path)
        expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
        db.close()
      })
    })
  })
})

test.skipIf(skipPython)(
  'a handle on what was taken away must be closed before a new one is opened',
  async () => {
    const path = join(folder, 'stale', 'x.sqlite')
    mkdirSync(dirname(path))
    const stale = sqliteStorage(path)
    await stale.decisionAudit.record('f', 'before')
    cpSync(dirname(path), `${dirname(path)}-copy`, { recursive: true })
    byPython(path)
    byPython(path)
    const moved = expect.objectContaining({
      code: 'STORAGE_UNAVAILABLE',
      phase: 'file',
      outcome: 'not-applied',
    })
    await expect(stale.decisionAudit.record('f', 'lost')).rejects.toThrow(moved)
    // SQLite would share the index that was taken away with every other connection of the process
    await using early = sqliteStorage(path)
    await expect(early.decisionAudit.record('f', 'lost')).rejects.toThrow(moved)
    await stale.close()
    expect(await early.decisionAudit.record('f', 'after')).toBe(2)
    expect(byPython(path)).toEqual(['before', 'after'])
  },
)

test.runIf(process.platform === 'linux')(
  'a handle on what was taken away keeps out new ones of other threads too',
  async () => {
    const path = join(folder, 'threads.sqlite')
    const stale = sqliteStorage(path)
    await stale.decisionAudit.record('f', 'before')
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix)
    const record = async (): Promise<unknown> => {
      const thread = new URL('record-in-thread.ts', import.meta.url)
      const worker = new Worker(thread, { workerData: path, execArgv: ['--conditions=@dir/source'] })
      return (await once(worker, 'message'))[0]
    }
    expect(await record()).toBe('STORAGE_UNAVAILABLE')
    await stale.close()
    expect(await record()).toEqual(expect.any(Number))
  },
)

test('the close of a handle whose file was replaced leaves the log of the new file alone', async () => {
  const path = join(folder, 'replaced.sqlite')
  const old = sqliteStorage(path)
  await old.decisionAudit.record('f', 'old')
  for (const suffix of ['', '-wal', '-shm']) renameSync(path + suffix, `${path}.away${suffix}`)
  await using storage = sqliteStorage(path)
  await storage.decisionAudit.record('f', 'new')
  await old.close()
  await storage.decisionAudit.record('f', 'newer')
  expect(byOurs(path)).toEqual(['new', 'newer'])
})

test.each([
  ['', 'STORAGE_UNAVAILABLE'],
  ['-wal', 'STORAGE_UNAVAILABLE'],
  ['-shm', 'STORAGE_UNAVAILABLE'],
])('nothing is read or written once the file%s is removed', async (suffix, code) => {
  const path = join(folder, `removed${suffix}.sqlite`)
  await using storage = sqliteStorage(path)
  await storage.context.setSession('f', '1')
  rmSync(path + suffix)
  const refusal = expect.objectContaining({ code, phase: 'file', outcome: 'not-applied' })
  await expect(storage.context.getSession('f')).rejects.toThrow(refusal)
  await expect(storage.context.setSession('f', '2')).rejects.toThrow(refusal)
  expect(await storage.health()).toEqual({
    ok: false,
    backend: 'sqlite',
    details: { code, message: expect.any(String) },
  })
})

test('a close cuts off no log while another handle may be writing it', async () => {
  const path = join(folder, 'closing.sqlite')
  const storage = sqliteStorage(path)
  await storage.context.setSession('f', '1')
  const lock = new BetterSqlite3(`${path}-lock`)
  lock.exec('BEGIN IMMEDIATE') // what it holds while its SQLite's own locks are dropped
  const { size } = statSync(`${path}-wal`)
  await storage.close()
  expect(statSync(`${path}-wal`).size).toBe(size)
  lock.close()
})

// SQLite's locks are dropped here in the middle of transactions; those among handles of this package are not
test.each([
  ['delete', 'file'],
  ['delete', 'folder'],
  ['wal', 'file'],
  ['wal', 'folder'],
] as const)(
  'in a %s file, no increment is lost while a writer copies its %s',
  async (journalMode, copies) => {
    const path = join(folder, `${journalMode} ${copies}`, 'x.sqlite')
    mkdirSync(dirname(path))
    await using storage = sqliteStorage({ path, journalMode })
    await storage.init()
    const script = fileURLToPath(new URL('increment-process.ts', import.meta.url))
    const runs = await Promise.all(
      [copies, 'nothing', 'nothing'].map(async (what) => {
        const args = ['--conditions=@dir/source', script, path, '150', what]
        const { stdout } = await promisify(execFile)(process.execPath, args)
        return JSON.parse(stdout) as { acknowledged: number; errors: string[] }
      }),
    )
    expect(runs).toEqual(runs.map(() => ({ acknowledged: 150, errors: [] })))
    expect(await storage.intentRetry.getCount('f')).toBe(450)
  },
)
