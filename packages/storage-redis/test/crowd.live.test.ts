import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'

const namespace = 'crowd'
const MANY = 10_000
/** Of this thread's own time, as a busy machine takes some from it. About 30 are usual; a slow machine needs more. */
const LONGEST_TURN_MS = 100

withServer('redis', (url) => {
  /** Issues many calls at once. @returns what came of them, and the longest turn of the event loop after the issuing itself. */
  async function together(call: (index: number) => Promise<unknown>) {
    let isOver = false
    const issued = Array.from({ length: MANY }, (_, index) => call(index))
    const all = Promise.allSettled(issued).finally(() => (isOver = true))
    await nextTurn()
    let longestMs = 0
    while (!isOver) {
      const before = process.threadCpuUsage()
      await nextTurn()
      const { user, system } = process.threadCpuUsage(before)
      longestMs = Math.max(longestMs, (user + system) / 1_000)
    }
    return { outcomes: await all, longestMs }
  }

  test('ten thousand increments of one record at once all happen, in the order of issue', async () => {
    await dropNamespace({ url, namespace })
    const storage = redisStorage({ url, namespace, operationTimeoutMs: 60_000 })
    await storage.init()
    try {
      const { outcomes, longestMs } = await together(() => storage.intentRetry.increment('flow'))
      expect(outcomes).toEqual(outcomes.map((_, index) => ({ status: 'fulfilled', value: index + 1 })))
      expect(longestMs).toBeLessThan(LONGEST_TURN_MS)
    } finally {
      await storage.close()
      await dropNamespace({ url, namespace })
    }
  })

  test('ten thousand batches at once settle: each is there, or its error says truly that it is not', async () => {
    await dropNamespace({ url, namespace })
    const storage = redisStorage({ url, namespace, operationTimeoutMs: 2_000 })
    await storage.init()
    try {
      const { outcomes, longestMs } = await together((index) =>
        storage.atomically((batch) => {
          batch.intentRetry.increment('flow')
          batch.context.setState(`state ${index}`, '{}')
        }),
      )
      const done = outcomes.filter(({ status }) => status === 'fulfilled').length
      const errors = outcomes.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []))
      const unknown = errors.filter(
        (error) => (error as { outcome?: unknown }).outcome !== 'not-applied',
      ).length
      const count = await storage.intentRetry.getCount('flow')
      expect(count).toBeGreaterThanOrEqual(done)
      expect(count).toBeLessThanOrEqual(done + unknown)
      expect(longestMs).toBeLessThan(LONGEST_TURN_MS)
    } finally {
      await storage.close()
      await dropNamespace({ url, namespace })
    }
  })
})
