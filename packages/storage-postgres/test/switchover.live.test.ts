import { setTimeout as sleep } from 'node:timers/promises'
import { type StorageHandle, isStorageError } from '@dir/storage-core'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPgBouncer } from '../../../scripts/servers/index.ts'
import { meanwhile } from '../../../scripts/servers/meanwhile.ts'
import { orSkip, withOwnServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { newName, sql } from './databases.ts'
import { proxyTo } from './proxy.ts'
import { type Pair, startPair } from './replicas.ts'

const calls: Readonly<Record<string, (storage: StorageHandle, flow: string) => Promise<unknown>>> = {
  read: (storage, flow) => storage.context.getSession(flow),
  list: (storage) => storage.saga.getDirtyFlows(),
  set: (storage, flow) => storage.context.setSession(flow, '{}'),
  mark: (storage, flow) => storage.saga.markDirty(flow, 's', '{}'),
  event: (storage, flow) => storage.decisionAudit.record(flow, 'e'),
  acquire: (storage, flow) => storage.resourceLock.acquire(flow, { r: 1 }, 0),
  release: (storage, flow) => storage.resourceLock.release(flow),
  budget: (storage, flow) => storage.escalation.tryConsumeBudget(flow, { limit: 5, windowSec: 60 }),
  batch: (storage, flow) => storage.atomically((batch) => batch.intentRetry.increment(flow)),
}

/** Waits for what `ask` says. */
async function until(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) await sleep(20)
}

withOwnServer('postgres', () => {
  let pair: Pair
  beforeAll(async () => {
    pair = await startPair()
  }, 60_000)
  afterAll(() => pair.stop())

  const connections = async (url: string, name: string): Promise<number> => {
    const found = `SELECT count(*)::INTEGER AS n FROM pg_stat_activity WHERE application_name = '${name}'`
    return (await sql(url, found))[0]?.['n'] as number
  }

  test('a standby is refused once the deadline is over, whoever starts there, and answers no read', async () => {
    const namespace = newName()
    const [primary, standby] = await pair.roles()
    const storage = postgresStorage({ url: primary.url, namespace })
    await storage.init()
    await storage.close()
    const reader = postgresStorage({ url: standby.url, namespace, operationTimeoutMs: 600, init: false })
    const refused = expect.objectContaining({ code: 'STORAGE_READ_ONLY', outcome: 'not-applied' })
    await expect(reader.init()).rejects.toEqual(refused)
    await expect(reader.saga.getDirtyFlows()).rejects.toEqual(refused)
    await reader.close()
  })

  test.each(['a pool of ours', "the user's pool"])(
    'after a switchover every call goes on at the new primary, and no read misses what was acknowledged: %s',
    async (which) => {
      const [from, to] = await pair.roles()
      const proxy = await proxyTo(from.url)
      const name = newName()
      const url = `${proxy.url}?application_name=${name}`
      const pool = which === 'a pool of ours' ? null : new Pool({ connectionString: url, max: 6 })
      pool?.on('error', () => {})
      const storage = postgresStorage({
        ...(pool === null ? { url } : { pool }),
        namespace: name,
        operationTimeoutMs: 10_000,
      })
      await storage.init()
      for (const call of Object.values(calls)) await call(storage, 'before')

      const misses: unknown[] = []
      const codes = new Set<string>()
      const known = [0, 0, 0, 0]
      const call = async (lane: number): Promise<void> => {
        try {
          known[lane] = await storage.intentRetry.increment(`f${lane}`)
          const found = await storage.intentRetry.getCount(`f${lane}`)
          if (found < (known[lane] ?? 0)) misses.push([lane, known[lane], found])
        } catch (error) {
          if (!isStorageError(error)) throw error
          codes.add(`${error.code} ${error.outcome}`)
        }
      }
      await meanwhile(known.length, call, async () => {
        await pair.switchOver()
        // the name still leads to the old primary, and calls wait there
        const waiting = Object.entries(calls).map(async ([key, one]) => [key, await one(storage, `w-${key}`)])
        await until(async () => (await connections(from.url, name)) > 0)
        proxy.target = to.url
        expect(Object.fromEntries(await Promise.all(waiting))).toEqual(
          expect.objectContaining({
            read: null,
            set: undefined,
            event: expect.any(Number),
            budget: expect.objectContaining({ granted: true }),
          }),
        )
        for (const one of Object.values(calls)) await one(storage, 'after')
      })
      expect(misses).toEqual([])
      expect([...codes].filter((code) => !code.startsWith('STORAGE_UNAVAILABLE '))).toEqual([])
      await until(async () => (await connections(from.url, name)) === 0)
      await storage.close()
      await pool?.end()
      await proxy.close()
    },
    60_000,
  )

  test('a pooler whose connections lead to a standby is believed nothing, until it connects anew', async (context) => {
    const [from, to] = await pair.roles()
    const proxy = await proxyTo(from.url)
    const bouncer = await orSkip(context, startPgBouncer(proxy.url))
    const namespace = newName()
    const storage = postgresStorage({ url: bouncer.url, namespace, operationTimeoutMs: 1_500 })
    await storage.context.setSession('f', '{}')
    await pair.switchOver()
    const refused = expect.objectContaining({ code: 'STORAGE_READ_ONLY', outcome: 'not-applied' })
    const told = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error)
    const read = (): Promise<unknown> => told(storage.context.getSession('f'))
    let answer = await read()
    // the pooler may say first that it lost its connections
    while (isStorageError(answer) && answer.code === 'STORAGE_UNAVAILABLE') answer = await read()
    expect(answer).toEqual(refused)
    expect(await told(storage.context.setSession('f', '[]'))).toEqual(refused)
    expect(await told(storage.atomically((batch) => batch.intentRetry.increment('f')))).toEqual(refused)
    proxy.target = to.url
    await bouncer.console('RECONNECT')
    expect(await storage.context.getSession('f')).toBe('{}')
    await storage.context.setSession('f', '[]')
    expect(await storage.context.getSession('f')).toBe('[]')
    await storage.close()
    await bouncer.stop()
    await proxy.close()
  }, 60_000)
})
