import { range } from '../scenarios/kit.ts'
import { ago } from '../scenarios/plant.ts'
import { acquiring } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'

export const lockHoldMutants: readonly Mutant[] = [
  {
    id: 'lock-refuses-timeout-zero',
    breaks: 'with capacities, a timeout of 0 makes no attempt',
    from: "the original's loop, which tests the time before it tries",
    killedBy: 'resource-lock/capacity-is-used-to-the-last-millionth',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, async (dfid, resources, timeoutSec, options) =>
        timeoutSec === 0 && options?.capacities !== undefined
          ? null
          : resourceLock.acquire(dfid, resources, timeoutSec, options),
      ),
    ),
    witness: async ({ resourceLock }) =>
      !(await resourceLock.acquireBatch('w', { w: 1 }, 0, { capacities: { w: 1 } })),
  },
  {
    id: 'lock-joins-ids',
    breaks: 'flow and resource are stored under one key, joined by a colon',
    from: 'Redis keys joined from user text (bullmq, langgraphjs)',
    killedBy: 'resource-lock/flow-and-resource-are-never-joined',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, async (dfid, resources, ...rest) => {
        const keys = new Set(Object.keys(resources).map((resource) => `${dfid}:${resource}`))
        const holds = await resourceLock.getHolds()
        for (const hold of holds)
          if (hold.dfid !== dfid && keys.has(`${hold.dfid}:${hold.resourceId}`))
            await resourceLock.release(hold.dfid)
        return resourceLock.acquire(dfid, resources, ...rest)
      }),
    ),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w', { 'b:c': 1 }, 1)
      await resourceLock.acquireBatch('w:b', { c: 1 }, 1)
      return (await resourceLock.getLockedAmount('b:c', null)) === 0
    },
  },
  {
    id: 'lock-holds-judged-one-by-one',
    breaks: 'of holds that end together, some are listed while others are over',
    from: 'a clock that is asked for each row, as clock_timestamp() is',
    killedBy: 'resource-lock/holds-end-together',
    capability: 'leases',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        getHolds: async (filter) =>
          (await resourceLock.getHolds(filter)).filter(
            ({ expiresAt }, row) => expiresAt === null || expiresAt > ago(-row / 1_000),
          ),
      },
    })),
    async witness({ resourceLock }) {
      const wanted = Object.fromEntries(range(300).map((n) => [`w ${n}`, 1]))
      await resourceLock.acquire('w', wanted, 1, { leaseSec: 0.15 })
      const held = (await resourceLock.getHolds()).length
      return held > 0 && held < 300
    },
  },
  {
    id: 'lock-ignores-exclusion',
    breaks: 'the locked amount includes the flow that was to be left out',
    from: 'a parameter that is bound to the wrong place',
    killedBy: 'resource-lock/sums-the-other-flows',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        getLockedAmount: async (resourceId, excludeDfid) => {
          const others = await resourceLock.getLockedAmount(resourceId, excludeDfid)
          return Math.max(others, await resourceLock.getLockedAmount(resourceId, null))
        },
      },
    })),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w', { w: 1 }, 1)
      return (await resourceLock.getLockedAmount('w', 'w')) === 1
    },
  },
  {
    id: 'lock-release-leaks',
    breaks: 'releasing a flow leaves one of its holds behind',
    from: 'a DELETE with LIMIT 1; a release that looks at one shard',
    killedBy: 'resource-lock/release-ends-all-holds-of-one-flow',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        async release(dfid, options) {
          const holds = await resourceLock.getHolds({ dfid })
          await resourceLock.release(dfid, options)
          const [, second] = holds
          if (second !== undefined)
            await resourceLock.acquire(dfid, { [second.resourceId]: second.amount ?? 0 }, 5)
        },
      },
    })),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w', { w1: 1, w2: 1 }, 1)
      await resourceLock.release('w')
      return (await resourceLock.getHolds({ dfid: 'w' })).length === 1
    },
  },
  {
    id: 'lock-swallows-the-largest-total',
    breaks: 'without capacities, what exceeds the largest total is granted and not kept',
    from: 'integer overflow that nobody looks at',
    killedBy: 'resource-lock/without-capacities-only-the-largest-total-counts',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        acquireBatch: (dfid, resources, timeoutSec, options) =>
          resourceLock
            .acquireBatch(dfid, resources, timeoutSec, options)
            .catch((error: { code?: string }) => {
              if (options === undefined && error.code === 'STORAGE_INSUFFICIENT_CAPACITY') return true
              throw error
            }),
      },
    })),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w1', { w: 9_007_199_254 }, 1)
      return resourceLock.acquireBatch('w2', { w: 1 }, 1).catch(() => false)
    },
  },
  {
    id: 'lock-needs-a-moment',
    breaks: 'a timeout of less than a second makes no attempt',
    from: 'timeouts that are rounded down',
    killedBy: 'resource-lock/no-wait-is-one-attempt',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        async acquireBatch(dfid, resources, timeoutSec, options) {
          if (timeoutSec > 0 && timeoutSec < 1) return false
          return resourceLock.acquireBatch(dfid, resources, timeoutSec, options)
        },
      },
    })),
    witness: async ({ resourceLock }) => !(await resourceLock.acquireBatch('w', { w: 1 }, 0.5)),
  },
  {
    id: 'lock-lost-beside-others',
    breaks: 'a hold that is acquired while three others are being acquired is granted and not kept',
    from: 'a whole table read, changed and written back',
    killedBy: 'resource-lock/flow-is-found-by-its-exact-id',
    wrap: overShared(
      () => ({ acquiring: 0 }),
      ({ resourceLock }, shared) => ({
        resourceLock: {
          async acquireBatch(dfid, resources, timeoutSec, options) {
            if (shared.acquiring > 2 && options === undefined)
              return resourceLock.acquireBatch(dfid, {}, timeoutSec)
            shared.acquiring++
            return resourceLock
              .acquireBatch(dfid, resources, timeoutSec, options)
              .finally(() => shared.acquiring--)
          },
        },
      }),
    ),
    async witness({ resourceLock }) {
      await Promise.all(['w1', 'w2', 'w3', 'w4'].map((dfid) => resourceLock.acquireBatch(dfid, { w: 1 }, 1)))
      return (await resourceLock.getLockedAmount('w', null)) < 4
    },
  },
]
