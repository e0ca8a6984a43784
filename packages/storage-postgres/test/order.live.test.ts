import { setTimeout as sleep } from 'node:timers/promises'
import { type StorageHandle } from '@dir/storage-core'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { withDatabase } from './databases.ts'
import { proxyTo } from './proxy.ts'

function keepBusy(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

async function withStorage(server: string, act: (storage: StorageHandle, url: string) => Promise<void>) {
  await withDatabase(server, '', async (url) => {
    const storage = postgresStorage(url)
    await storage.init()
    await act(storage, url)
    await storage.close()
  })
}

withServer('postgres', (server) => {
  test('a process that was busy for long keeps the order of its writes', async () => {
    await withStorage(server, async (storage) => {
      const before = storage.context.setSession('other', '0')
      await sleep(1) // it is sent, and its answer is read late: the server's clock seems to be behind
      const early = storage.context.setSession('f', '"early"')
      keepBusy(3_000)
      const late = storage.context.setSession('f', '"late"')
      await Promise.all([before, early, late])
      expect(await storage.context.getSession('f')).toBe('"late"')
    })
  })

  test('writes that meet a lock of somebody else keep their order', async () => {
    await withStorage(server, async (storage, url) => {
      const other = new Client(url)
      await other.connect()
      await other.query('BEGIN; LOCK TABLE dir_storage.context IN ACCESS EXCLUSIVE MODE')
      const writes = Array.from({ length: 50 }, (_, value) => storage.context.setSession('f', String(value)))
      await sleep(400)
      await other.query('COMMIT')
      await Promise.all(writes)
      expect(await storage.context.getSession('f')).toBe('49')
      await other.end()
    })
  })

  test('a write that was sent twice and refused is not carried out when its first sending arrives', async () => {
    await withStorage(server, async (others, url) => {
      const proxy = await proxyTo(url)
      const storage = postgresStorage({ url: proxy.url, operationTimeoutMs: 4_000 })
      await storage.init()
      await others.lifecycle.recordTransition('f', null, 'A')
      proxy.fault = { does: 'late', at: 'transition' }
      expect(await storage.lifecycle.transition('f', 'B', 'C')).toBe(false)
      await others.lifecycle.recordTransition('f', 'A', 'B')
      proxy.deliver()
      await sleep(300)
      expect(await others.lifecycle.getCurrentStatus('f')).toBe('B')
      await storage.close()
      await proxy.close()
    })
  })
})
