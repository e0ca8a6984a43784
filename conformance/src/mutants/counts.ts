import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { pause } from './seed-store.ts'

export const countMutants: readonly Mutant[] = [
  {
    id: 'marks-keep-their-place',
    breaks: 'a flow that is marked again keeps its place among the dirty flows',
    from: 'an upsert that leaves created_at alone',
    killedBy: 'saga/dirty-flows-are-in-the-order-of-the-latest-mark',
    wrap: overShared(
      () => new Set<string>(),
      ({ saga }, order) => ({
        saga: {
          async markDirty(dfid, ...rest) {
            await saga.markDirty(dfid, ...rest)
            order.add(dfid)
          },
          async clearDirty(dfid) {
            await saga.clearDirty(dfid)
            order.delete(dfid)
          },
          async getDirtyFlows() {
            const flows = await saga.getDirtyFlows()
            const known = [...order].filter((dfid) => flows.includes(dfid))
            return [...flows.filter((dfid) => !order.has(dfid)), ...known]
          },
        },
      }),
    ),
    async witness({ saga }) {
      for (const dfid of ['w1', 'w2', 'w1']) await saga.markDirty(dfid, '', '{}')
      return (await saga.getDirtyFlows())[0] === 'w1'
    },
  },
  {
    id: 'increment-reads-then-writes',
    breaks: 'increment reads the count, and writes one more in a second step',
    from: '400 rejections counted as 95; better-auth (23 places)',
    killedBy: 'linearizability/counter',
    wrap: over(({ intentRetry }) => ({
      intentRetry: {
        async increment(dfid) {
          const count = await intentRetry.getCount(dfid)
          if (count === 2_147_483_647) return intentRetry.increment(dfid)
          await pause()
          await intentRetry.setCount(dfid, count + 1)
          return count + 1
        },
      },
    })),
    async witness({ intentRetry }, open) {
      const other = await open()
      await Promise.all([intentRetry.increment('w'), other.intentRetry.increment('w')])
      return (await intentRetry.getCount('w')) === 1
    },
  },
  {
    id: 'increment-wraps-around',
    breaks: 'a count at its largest starts again instead of being refused',
    from: '32-bit columns without a check',
    killedBy: 'intent-retry/increment-stops-at-the-largest-int32',
    wrap: over(({ intentRetry }) => ({
      intentRetry: {
        async increment(dfid) {
          if ((await intentRetry.getCount(dfid)) < 2_147_483_647) return intentRetry.increment(dfid)
          await intentRetry.setCount(dfid, 0)
          return 0
        },
      },
    })),
    async witness({ intentRetry }) {
      await intentRetry.setCount('w', 2_147_483_647)
      return !(await refused(intentRetry.increment('w')))
    },
  },
  {
    id: 'clearing-clears-all',
    breaks: 'clearing the mark of one flow clears them all',
    from: 'a DELETE whose condition is always true',
    killedBy: 'saga/clearing-ends-one-mark',
    wrap: over(({ saga }) => ({
      saga: {
        async clearDirty(dfid) {
          await saga.clearDirty(dfid)
          for (const other of await saga.getDirtyFlows()) await saga.clearDirty(other)
        },
      },
    })),
    async witness({ saga }) {
      for (const dfid of ['w1', 'w2']) await saga.markDirty(dfid, '', '{}')
      await saga.clearDirty('w1')
      return (await saga.getDirtyFlows()).length === 0
    },
  },
  {
    id: 'count-in-sixteen-bits',
    breaks: 'a large count is kept as 32 767',
    from: 'SMALLINT',
    killedBy: 'intent-retry/counts-are-exact',
    wrap: over(({ intentRetry }) => ({
      intentRetry: { getCount: async (dfid) => Math.min(32_767, await intentRetry.getCount(dfid)) },
    })),
    async witness({ intentRetry }) {
      await intentRetry.setCount('w', 40_000)
      return (await intentRetry.getCount('w')) === 32_767
    },
  },
  {
    id: 'delete-forgets-every-count',
    breaks: 'forgetting the count of one flow forgets them all',
    from: 'a filter that the driver drops (langgraphjs#2504)',
    killedBy: 'intent-retry/delete-forgets-one-count',
    wrap: overShared(
      () => new Set<string>(),
      ({ intentRetry }, counted) => ({
        intentRetry: {
          async setCount(dfid, count) {
            await intentRetry.setCount(dfid, count)
            counted.add(dfid)
          },
          async delete(dfid) {
            await intentRetry.delete(dfid)
            for (const other of counted) await intentRetry.delete(other)
          },
        },
      }),
    ),
    async witness({ intentRetry }) {
      await intentRetry.setCount('w2', 1)
      await intentRetry.delete('w')
      return (await intentRetry.getCount('w2')) === 0
    },
  },
  {
    id: 'count-lost-beside-another',
    breaks: 'a count that is set while another is being set is acknowledged and lost',
    from: 'a whole table read, changed and written back',
    killedBy: 'intent-retry/count-is-found-by-its-exact-id',
    wrap: overShared(
      () => ({ writing: 0 }),
      ({ intentRetry }, shared) => ({
        intentRetry: {
          async setCount(dfid, count) {
            if (shared.writing > 2) return intentRetry.delete(dfid)
            shared.writing++
            await intentRetry.setCount(dfid, count).finally(() => shared.writing--)
          },
        },
      }),
    ),
    async witness({ intentRetry }) {
      await Promise.all(['w1', 'w2', 'w3', 'w4'].map((dfid) => intentRetry.setCount(dfid, 1)))
      return (await intentRetry.getCount('w4')) === 0
    },
  },
]
