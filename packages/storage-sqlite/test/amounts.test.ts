import { join } from 'node:path'
import type { StorageHandle } from '@dir/storage-core'
import BetterSqlite3 from 'better-sqlite3'
import { expect, test } from 'vitest'
import { sqliteStorage } from '../src/index.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()

// above 2 ** 32 the product of an amount and a million is rounded; above 2 ** 33 two micro-units share a double
const AMOUNTS = [4_294_967_296.000001, 5_000_000_000.123457, 8_589_934_591.999999, 0.1]

test('amounts of billions keep their micro-units, written by us or by Python, however often they are read', async () => {
  await using storage = sqliteStorage(join(folder, 'billions.sqlite'))
  await storage.init()
  const db = new BetterSqlite3(join(folder, 'billions.sqlite'))
  for (const [n, amount] of AMOUNTS.entries()) {
    await storage.resourceLock.acquire('ours', { [`ours-${n}`]: amount }, 0)
    db.prepare('INSERT INTO resource_locks (dfid, resource_id, amount) VALUES (?, ?, ?)').run(
      'py',
      `py-${n}`,
      amount,
    )
    for (let round = 0; round < 3; round++) {
      const [ours, pythons] = await Promise.all(
        ['ours', 'py'].map((who) => storage.resourceLock.getLockedAmount(`${who}-${n}`, null)),
      )
      expect([ours, pythons]).toEqual([amount, amount])
      await storage.resourceLock.acquire('ours', { [`ours-${n}`]: ours ?? 0 }, 0)
    }
  }
  db.close()
  await using copy = sqliteStorage(join(folder, 'copy.sqlite'))
  await copy.importRecords(storage.exportRecords())
  const amounts = async ({ resourceLock }: StorageHandle) =>
    new Map((await resourceLock.getHolds()).map(({ resourceId, amount }) => [resourceId, amount]))
  expect(await amounts(copy)).toEqual(await amounts(storage))
})

test('what no double can tell apart is summed and moved exactly', async () => {
  await using storage = sqliteStorage(join(folder, 'exact.sqlite'))
  await storage.init()
  const db = new BetterSqlite3(join(folder, 'exact.sqlite'))
  const write = async (flow: string, micros: bigint): Promise<void> => {
    await storage.resourceLock.acquire(flow, { r: 0 }, 0)
    db.prepare('UPDATE resource_lock_leases SET micros = ? WHERE dfid = ?').run(micros, flow)
    db.prepare('UPDATE resource_locks SET amount = ? WHERE dfid = ?').run(Number(micros) / 1e6, flow)
  }
  await write('f', 9_007_199_253_999_999n)
  db.close()
  const records = await Array.fromAsync(storage.exportRecords())
  expect(records).toContainEqual(
    expect.objectContaining({
      type: 'hold',
      amount: 9_007_199_253_999_999 / 1e6,
      micros: 9_007_199_253_999_999,
    }),
  )
  await using copy = sqliteStorage(join(folder, 'exact-copy.sqlite'))
  await copy.importRecords(records)
  expect(await Array.fromAsync(copy.exportRecords())).toEqual(records)
})

test('an amount that somebody else changed in its row counts', async () => {
  await using storage = sqliteStorage(join(folder, 'changed.sqlite'))
  await storage.resourceLock.acquire('f', { r: 4_294_967_296.000001 }, 0, { leaseSec: 600 })
  const db = new BetterSqlite3(join(folder, 'changed.sqlite'))
  db.exec(`UPDATE resource_locks SET amount = 7.5 WHERE dfid = 'f'`)
  db.close()
  expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(7.5)
  expect(await storage.resourceLock.getHolds()).toEqual([expect.objectContaining({ amount: 7.5 })])
})
