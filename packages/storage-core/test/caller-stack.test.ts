import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { memoryStorage } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { type StorageHandle, runOnce } from '../src/index.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'dir-storage-stack-'))
const backends: readonly StorageHandle[] = [memoryStorage(), sqliteStorage(path.join(folder, 'store.sqlite'))]
afterAll(async () => {
  for (const storage of backends) await storage.close()
  rmSync(folder, { recursive: true })
})

/** The first line of the stack that tells a place. */
async function firstFrame(call: () => Promise<unknown>): Promise<string> {
  try {
    await call()
  } catch (error) {
    return (error as Error).stack?.split('\n').find((line) => /^ +at /.test(line)) ?? ''
  }
  return 'nothing failed'
}

describe.each(backends.map((storage) => [storage.backend, storage] as const))('%s', (_, storage) => {
  test.each<readonly [string, string, () => Promise<unknown>]>([
    [
      'an argument is wrong',
      'callerOfThis',
      async function callerOfThis() {
        await storage.idempotency.get('')
      },
    ],
    [
      'an argument is wrong in a batch',
      'callerOfThis',
      async function callerOfThis() {
        await storage.atomically((batch) => batch.idempotency.set('', {}))
      },
    ],
    [
      'a condition of a batch does not hold',
      'callerOfThis',
      async function callerOfThis() {
        await storage.atomically((batch) => batch.lifecycle.transition('flow', 'NEVER', 'OPEN'))
      },
    ],
    [
      'there is no room',
      'callerOfThis',
      async function callerOfThis() {
        await storage.atomically((batch) =>
          batch.resourceLock.acquire('flow', { r: 2 }, 0, { capacities: { r: 1 } }),
        )
      },
    ],
    [
      'it is one of several',
      'Promise.all',
      async function callerOfThis() {
        const batch = () => storage.atomically((all) => all.lifecycle.transition('flow', 'NEVER', 'OPEN'))
        await Promise.all([storage.idempotency.get('key'), batch()])
      },
    ],
    [
      'a helper makes the call',
      'runOnce',
      async function callerOfThis() {
        await runOnce(storage.idempotency, '', { leaseSec: 1 }, () => Promise.resolve({}))
      },
    ],
  ])('the stack leads to the line of the call where %s', async (_case, first, call) => {
    expect(await firstFrame(call)).toContain(first)
  })
})
