import { join } from 'node:path'
import type { StorageHandle } from '@dir/storage-core'
import { describe, expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()
const TOTAL = 80
const contextJson = JSON.stringify('x'.repeat(100_000))
const id = (n: number): string => `f${String(n).padStart(3, '0')}`

async function fill(storage: StorageHandle): Promise<void> {
  await Promise.all(
    Array.from({ length: TOTAL }, (_, n) => {
      const texts = { agentId: 'a', reason: '', contextJson, proposalJson: '{}', impact: '' }
      return storage.escalation.insertRequest({ dfid: id(n), ...texts })
    }),
  )
}

describe.each(['wal', 'delete'] as const)('a list of several pages from a %s file', (journalMode) => {
  test('is of one moment, and other work goes on while it is read', async () => {
    const path = join(folder, `${journalMode}.sqlite`)
    await using storage = sqliteStorage({ path, journalMode, operationTimeoutMs: 20_000 })
    await fill(storage)
    let turns = 0
    let isRead = false
    const count = (): void => {
      turns++
      if (!isRead) setImmediate(count)
    }
    const list = storage.escalation.getPendingRequests().then((requests) => {
      isRead = true
      return requests.map(({ dfid }) => dfid)
    })
    count()
    await new Promise(setImmediate) // its first page is read by now
    const write = storage.escalation.resolveRequest(id(TOTAL - 1), '2026-03-01T09:30:00Z', 'yes', null)
    expect(await list).toEqual(Array.from({ length: TOTAL }, (_, n) => id(n)))
    expect(turns).toBeGreaterThanOrEqual(6)
    expect(await write).toBe(true)
    expect(await storage.escalation.getPendingRequests()).toHaveLength(TOTAL - 1)
  })
})

test('a long list ends with its handle', async () => {
  const path = join(folder, 'ends.sqlite')
  const storage = sqliteStorage(path)
  await fill(storage)
  const running = storage.escalation.getPendingRequests()
  const closing = storage.close()
  await expect(running).rejects.toThrow(expect.objectContaining({ code: 'STORAGE_CLOSED' }))
  await closing
  await using again = sqliteStorage(path)
  expect(await again.escalation.getPendingRequests()).toHaveLength(TOTAL)
})
