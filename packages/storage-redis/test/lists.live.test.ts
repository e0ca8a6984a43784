import { expect, test } from 'vitest'
import { redisCommand } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'

// Lists come in pages: no script's time grows with the store.

const namespace = 'lists'
const MANY = 1_300

withServer('redis', (url) => {
  async function pagesOf<T>(
    list: () => Promise<readonly T[]>,
  ): Promise<{ rows: readonly T[]; calls: number }> {
    const before = await callsSoFar()
    const rows = await list()
    return { rows, calls: (await callsSoFar()) - before }
  }

  /** How many scripts the server has run for anybody. */
  async function callsSoFar(): Promise<number> {
    const stats = await redisCommand(url, 'INFO', 'commandstats')
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0)
  }

  test('lists of any length are whole, in order, and read in pages; what is written anew meanwhile is there once', async () => {
    await dropNamespace({ url, namespace })
    const storage = redisStorage({ url, namespace, operationTimeoutMs: 20_000 })
    const ids = Array.from({ length: MANY }, (_, index) => `id-${String(index).padStart(6, '0')}`)
    const request = {
      agentId: 'a',
      reason: 'x'.repeat(4_000),
      contextJson: '{}',
      proposalJson: '{}',
      impact: 'HIGH',
    }
    try {
      await Promise.all(
        ids.flatMap((id) => [
          storage.escalation.insertRequest({ dfid: id, ...request } as never),
          storage.saga.markDirty(id, 'step', '{}'),
          storage.resourceLock.acquire(id, { one: 1 }, 0),
          storage.agentRegistry.upsertAgent({
            agentId: id,
            contractJson: '{}',
            priority: 1,
            status: 'ACTIVE',
            agentVersion: null,
            sessionToken: null,
          }),
        ]),
      )
      await storage.resourceLock.acquireBatch(
        'all',
        Object.fromEntries(ids.slice(0, 900).map((id) => [id, 1])),
        5,
      )
      const requests = await pagesOf(() => storage.escalation.getPendingRequests())
      expect(requests.rows.map((one) => one.dfid)).toEqual(ids)
      expect(requests.calls).toBeGreaterThanOrEqual(5) // 5.2 MB, a megabyte each
      const flows = await pagesOf(() => storage.saga.getDirtyFlows())
      expect(flows.rows).toEqual(ids)
      expect(flows.calls).toBeGreaterThanOrEqual(3)
      const agents = await pagesOf(() => storage.agentRegistry.listActiveAgents())
      expect(agents.rows.toSorted()).toEqual(ids)
      expect(agents.calls).toBeGreaterThanOrEqual(3)
      const holds = await pagesOf(() => storage.resourceLock.getHolds())
      expect(holds.rows).toHaveLength(MANY + 900)
      expect(holds.calls).toBeGreaterThanOrEqual(5)
      const ofResource = await pagesOf(() => storage.resourceLock.getHolds({ resourceId: 'one' }))
      expect(ofResource.rows.map((hold) => hold.dfid)).toEqual(ids)
      expect(ofResource.calls).toBeGreaterThanOrEqual(3)
      const ofFlow = await pagesOf(() => storage.resourceLock.getHolds({ dfid: 'all' }))
      expect(ofFlow.rows.map((hold) => hold.resourceId)).toEqual(ids.slice(0, 900))
      expect(ofFlow.calls).toBeGreaterThanOrEqual(2)

      let reading = true
      const writer = (async () => {
        const other = redisStorage({ url, namespace })
        for (let n = 0; reading; n++) {
          const dfid = ids[(n * 7) % 40] ?? ''
          await Promise.all([
            other.escalation.insertRequest({ dfid, ...request } as never),
            other.saga.markDirty(dfid, 's', '{}'),
          ])
        }
        await other.close()
      })()
      for (let round = 0; round < 5; round++) {
        expect((await storage.escalation.getPendingRequests()).map((one) => one.dfid).sort()).toEqual(ids)
        expect((await storage.saga.getDirtyFlows()).toSorted()).toEqual(ids)
      }
      reading = false
      await writer
    } finally {
      await storage.close()
      await dropNamespace({ url, namespace })
    }
  })
})
