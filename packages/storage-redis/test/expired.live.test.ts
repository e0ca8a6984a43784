import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import { expect, test } from 'vitest'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { redisCommand } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'

// Holds that expired are removed a few hundred at a time: no script's time grows with how many there are.

const namespace = 'expired'
const MANY = 2_300
const MOST = 500

withServer('redis', (url) => {
  /** How many holds are kept, expired ones too, whether anybody sees them or not. */
  const kept = async (): Promise<number> => Number(await redisCommand(url, 'ZCARD', `{${namespace}}:leases`))

  async function withExpired(act: (storage: StorageHandle) => Promise<void>): Promise<void> {
    await dropNamespace({ url, namespace })
    const storage = redisStorage({ url, namespace, operationTimeoutMs: 20_000 })
    try {
      await storage.resourceLock.acquire('lives', { r: 3 }, 0, { leaseSec: 600 })
      const flows = Array.from({ length: MANY }, (_, index) => `flow ${index}`)
      await Promise.all(
        flows.map((flow) => storage.resourceLock.acquire(flow, { r: 1 }, 0, { leaseSec: 600 })),
      )
      await Promise.all(flows.map((flow) => storage.resourceLock.renew(flow, 0.001)))
      await sleep(50)
      expect(await kept()).toBe(MANY + 1)
      await act(storage)
    } finally {
      await storage.close()
      await dropNamespace({ url, namespace })
    }
  }

  test('an acquire removes all of them, in several scripts, and its capacity is judged by what is alive', async () => {
    await withExpired(async (storage) => {
      const { resourceLock } = storage
      const scripts = async (): Promise<number> =>
        Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redisCommand(url, 'INFO', 'commandstats'))?.[1] ?? 0)
      const before = await scripts()
      const beyond = resourceLock.acquire('new', { r: 8 }, 0, { capacities: { r: 10 } })
      expect(await failureOf(beyond, 'resourceId', 'requested', 'locked', 'capacity')).toEqual({
        code: 'STORAGE_INSUFFICIENT_CAPACITY',
        outcome: 'not-applied',
        retryable: false,
        resourceId: 'r',
        requested: 8,
        locked: 3,
        capacity: 10,
      })
      expect((await scripts()) - before).toBeGreaterThanOrEqual(Math.ceil(MANY / MOST))
      expect(await kept()).toBe(1)
      await resourceLock.acquire('new', { r: 7 }, 0, { capacities: { r: 10 } })
      expect(await resourceLock.getLockedAmount('r', null)).toBe(10)
    })
  })

  test('the sum of what is held leaves them out, and a flow whose hold is one of them is not left out twice', async () => {
    await withExpired(async ({ resourceLock }) => {
      expect(await resourceLock.getLockedAmount('r', 'flow 0')).toBe(3)
      expect(await kept()).toBeLessThanOrEqual(MOST)
      expect(await resourceLock.getLockedAmount('r', 'lives')).toBe(0)
    })
  })

  test('what was issued after an acquire that has much to remove does not go before it', async () => {
    await withExpired(async ({ resourceLock }) => {
      const calls = [resourceLock.acquire('new', { r: 1 }, 0), resourceLock.release('new')]
      await Promise.all(calls)
      expect(await resourceLock.getHolds({ dfid: 'new' })).toEqual([])
    })
  })
})
