import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

// In a rollback journal a commit waits for those who read, and keeps out those who want to begin.
const folder = testFolder()
const PATIENCE_MS = 20_000
let count = 0
let storage: StorageHandle
let reading: BetterSqlite3.Database
let next: BetterSqlite3.Database

beforeEach(async () => {
  const path = join(folder, `${++count}.sqlite`)
  storage = sqliteStorage({ path, journalMode: 'delete', operationTimeoutMs: PATIENCE_MS })
  await storage.init()
  reading = new BetterSqlite3(path, { timeout: 0 })
  next = new BetterSqlite3(path, { timeout: 0 })
  reading.exec('BEGIN')
  reading.prepare('SELECT * FROM saga_dirty_state').all()
})

afterEach(async () => {
  reading.close()
  next.close()
  await storage.close()
})

/** Whether somebody who has not read yet is let in. */
function isOpen(): boolean {
  try {
    next.prepare('SELECT * FROM saga_dirty_state').all()
    return true
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'SQLITE_BUSY') return false
    throw error
  }
}

async function untilShut(): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (isOpen()) {
    expect(performance.now(), 'readers are let in all the time').toBeLessThan(deadline)
    await sleep(1)
  }
}

test('a write that waits for a reader holds off all new ones, while the event loop runs on', async () => {
  let isWritten = false
  const write = storage.saga.markDirty('f', 's', '{}').then(() => (isWritten = true))
  await untilShut()
  for (let turn = 0; turn < 50; turn++) {
    await sleep(1)
    expect([isOpen(), isWritten]).toEqual([false, false])
  }
  const flows = storage.saga.getDirtyFlows() // of the same handle: sees what is committed, and so waits too
  reading.exec('COMMIT')
  await write
  expect(await flows).toEqual(['f'])
  expect(isOpen()).toBe(true)
})

test('who does not wait leaves, and the others of its commit go on waiting', async () => {
  const acquire = storage.resourceLock.acquire('f', { r: 1 }, 0)
  const mark = storage.saga.markDirty('f', 's', '{}')
  const impatient = storage.atomically((batch) => {
    batch.resourceLock.acquire('g', { r: 1 }, 0)
    batch.saga.markDirty('g', 's', '{}')
  })
  await expect(impatient).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_RESOURCE_CONTENTION' }))
  expect(await acquire).toBeNull()
  await untilShut()
  reading.exec('COMMIT')
  await mark
  expect([await storage.saga.getDirtyFlows(), await storage.resourceLock.getHolds()]).toEqual([['f'], []])
})

test('at its deadline a waiting write is undone, and does not appear later', async () => {
  await using hasty = sqliteStorage({ path: next.name, operationTimeoutMs: 100 })
  await hasty.saga.getDirtyFlows()
  await expect(hasty.saga.markDirty('f', 's', '{}')).rejects.toThrow(
    expect.objectContaining({ code: 'STORAGE_RESOURCE_CONTENTION', outcome: 'not-applied', retryable: true }),
  )
  expect(isOpen()).toBe(true)
  reading.exec('COMMIT')
  await storage.saga.markDirty('g', 's', '{}')
  expect(await hasty.saga.getDirtyFlows()).toEqual(['g'])
})

test('a handle that is closed while it waits has written nothing', async () => {
  const write = storage.saga.markDirty('f', 's', '{}').catch((error: unknown) => error)
  await untilShut()
  await storage.close()
  expect(await write).toEqual(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
  expect(next.prepare('SELECT COUNT(*) FROM saga_dirty_state').pluck().get()).toBe(0)
})
