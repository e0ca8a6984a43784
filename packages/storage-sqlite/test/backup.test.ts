import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import BetterSqlite3 from 'better-sqlite3'
import { describe, expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()
const script = fileURLToPath(new URL('increment-process.ts', import.meta.url))

describe.each(['wal', 'delete'] as const)('a backup of a %s file', (journalMode) => {
  test('is one state of the whole, while this handle and another process write', async () => {
    const path = join(folder, journalMode, 'x.sqlite')
    const copy = join(folder, journalMode, 'copies', 'x.sqlite')
    mkdirSync(dirname(copy), { recursive: true })
    await using storage = sqliteStorage({ path, journalMode, operationTimeoutMs: 20_000 })
    const filler = JSON.stringify('x'.repeat(100_000))
    for (let n = 0; n < 40; n++) await storage.context.setSession(`filler-${n}`, filler)

    // two records in each batch: a copy that is not of one moment has one without the other
    let written = 0
    let over = false
    const ours = (async () => {
      while (!over) {
        await storage.atomically((batch) => {
          batch.decisionAudit.record('f', 'E')
          batch.lifecycle.recordTransition('f', null, 'S')
        })
        written++
      }
    })()
    const theirs = promisify(execFile)(process.execPath, [
      '--conditions=@dir/source',
      script,
      path,
      '40',
      'nothing',
    ])
    while (written === 0) await new Promise(setImmediate)
    const before = written
    await storage.backup(copy)
    over = true
    await ours
    expect(JSON.parse((await theirs).stdout)).toEqual({ acknowledged: 40, errors: [] })

    expect(readdirSync(dirname(copy))).toEqual(['x.sqlite'])
    const db = new BetterSqlite3(copy, { readonly: true })
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.close()
    await using restored = sqliteStorage(copy)
    const events = await restored.decisionAudit.eventsForDfid('f')
    expect(await restored.lifecycle.getTransitions('f')).toHaveLength(events.length)
    expect(events.length).toBeGreaterThanOrEqual(before)
    expect(await restored.context.getSession('filler-39')).toBe(filler)
    await restored.decisionAudit.record('f', 'AFTER')
  })
})

test('a backup holds every write that its handle was asked for before', async () => {
  const copy = join(folder, 'earlier.sqlite')
  await using storage = sqliteStorage(join(folder, 'writing.sqlite'))
  await storage.init()
  const writes = Promise.all(Array.from({ length: 600 }, () => storage.decisionAudit.record('f', 'E')))
  await storage.backup(copy)
  await writes
  await using kept = sqliteStorage(copy)
  expect(await kept.decisionAudit.eventsForDfid('f')).toHaveLength(600)
})

test('of two backups to one path only one gets the name', async () => {
  const copy = join(folder, 'twice.sqlite')
  await using one = sqliteStorage(join(folder, 'one.sqlite'))
  await using two = sqliteStorage(join(folder, 'two.sqlite'))
  await one.context.setSession('f', '1')
  await two.context.setSession('f', '2')
  const ends = await Promise.allSettled([one.backup(copy), two.backup(copy)])
  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await using kept = sqliteStorage(copy)
  expect(await kept.context.getSession('f')).toBe(ends[0].status === 'fulfilled' ? '1' : '2')
})

test.each(['-wal', '-shm', '-journal'])(
  'a %s that an earlier file left is in the way of a copy',
  async (suffix) => {
    const copy = join(folder, `left${suffix}.sqlite`)
    writeFileSync(copy + suffix, '')
    await using storage = sqliteStorage(':memory:')
    await expect(storage.backup(copy)).rejects.toThrow(
      expect.objectContaining({ code: 'STORAGE_INVALID_ARGUMENT', reason: expect.stringContaining(suffix) }),
    )
  },
)

test('a store in memory can be kept in a file', async () => {
  const copy = join(folder, 'memory.sqlite')
  await using storage = sqliteStorage(':memory:')
  await storage.context.setSession('f', '1')
  await storage.backup(copy)
  await using kept = sqliteStorage(copy)
  expect(await kept.context.getSession('f')).toBe('1')
})

test('a backup overwrites nothing, and leaves nothing where it fails', async () => {
  const path = join(folder, 'refused', 'x.sqlite')
  await using storage = sqliteStorage(path)
  await storage.init()
  writeFileSync(join(dirname(path), 'there'), 'kept')
  const refusal = expect.objectContaining({
    code: 'STORAGE_INVALID_ARGUMENT',
    backend: 'sqlite',
    operation: 'backup',
  })
  for (const target of [join(dirname(path), 'there'), path, ':memory:', ''])
    await expect(storage.backup(target)).rejects.toThrow(refusal)
  await expect(storage.backup(join(dirname(path), 'no folder', 'x'))).rejects.toThrow(
    expect.objectContaining({ code: 'STORAGE_UNAVAILABLE', outcome: 'not-applied' }),
  )
  const copy = join(dirname(path), 'closed')
  const running = storage.backup(copy)
  await storage.close()
  await expect(running).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
  await expect(storage.backup(copy)).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
  expect(readdirSync(dirname(path)).filter((name) => !name.startsWith('x.sqlite'))).toEqual(['there'])
})
