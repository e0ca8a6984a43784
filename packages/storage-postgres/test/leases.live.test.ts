import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { withDatabase } from './databases.ts'

withServer('postgres', (server) => {
  test('the holds of one acquire are all there or all over, at any moment', async () => {
    await withDatabase(server, '', async (url) => {
      await using storage = postgresStorage({ url, operationTimeoutMs: 60_000 })
      const wanted = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`fund ${n}`, 1]))
      const counts = new Set<number>()
      for (let round = 0; round < 12; round++) {
        const dfid = `flow ${round}`
        await storage.resourceLock.acquire(dfid, wanted, 10, { leaseSec: 0.2 })
        const begun = performance.now()
        for (let held = -1; held !== 0 || performance.now() < begun + 200;) {
          held = (await storage.resourceLock.getHolds({ dfid })).length
          counts.add(held)
        }
        await storage.resourceLock.release(dfid)
      }
      expect([...counts].filter((count) => count !== 0 && count !== 1_000)).toEqual([])
    })
  })
})
