import { InsufficientCapacityError } from '@dir/storage-core'
import { acquiring, refused, withoutLease } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

export const lockGrantMutants: readonly Mutant[] = [
  {
    id: 'lock-takes-nan-for-nothing',
    breaks: 'an amount that is not a number is taken as 0',
    from: 'NaN passed every comparison of the original',
    killedBy: 'arguments/methods-of-resourceLock',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        acquireBatch(dfid, resources, ...rest) {
          const isNaNs = Object.values(resources ?? {}).every((amount) => Number.isNaN(amount))
          return resourceLock.acquireBatch(dfid, isNaNs ? {} : resources, ...rest)
        },
      },
    })),
    witness: async ({ resourceLock }) => !(await refused(resourceLock.acquireBatch('w', { w: NaN }, 1))),
  },
  {
    id: 'lock-replaces-all-holds',
    breaks: 'acquiring a resource gives up what the flow holds of others',
    from: "the original's memory backend",
    killedBy: 'resource-lock/replaces-a-held-amount',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, async (dfid, ...rest) => {
        const before = await resourceLock.getHolds({ dfid }).catch(() => [])
        const grant = await resourceLock.acquire(dfid, ...rest)
        const stale = before.filter(({ resourceId }) => !Object.hasOwn(rest[0], resourceId))
        const fence = Math.max(-1, ...stale.map((hold) => hold.fence))
        if (fence >= 0) await resourceLock.release(dfid, { fence })
        return grant
      }),
    ),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w', { w1: 1 }, 1)
      await resourceLock.acquireBatch('w', { w2: 1 }, 1)
      return (await resourceLock.getLockedAmount('w1', null)) === 0
    },
  },
  {
    id: 'lock-adds-to-what-is-held',
    breaks: 'acquiring a resource again adds to the amount instead of replacing it',
    from: 'an upsert written as SET amount = amount + excluded.amount',
    killedBy: 'resource-lock/replaces-a-held-amount',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, async (dfid, resources, ...rest) => {
        const held = await resourceLock.getHolds({ dfid }).catch(() => [])
        const added = Object.entries(resources).map(([id, amount]) => {
          return [id, amount + (held.find(({ resourceId }) => resourceId === id)?.amount ?? 0)]
        })
        return resourceLock.acquire(dfid, Object.fromEntries(added) as Record<string, number>, ...rest)
      }),
    ),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w', { w: 1 }, 1)
      await resourceLock.acquireBatch('w', { w: 1 }, 1)
      return (await resourceLock.getLockedAmount('w', null)) === 2
    },
  },
  {
    id: 'lock-grants-a-part',
    breaks: 'an acquire that is refused keeps the resources that had room',
    from: 'a loop of single acquires without a transaction around it',
    killedBy: 'resource-lock/a-refused-acquire-writes-nothing',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, async (dfid, resources, timeoutSec, options) => {
        try {
          return await resourceLock.acquire(dfid, resources, timeoutSec, options)
        } catch (error) {
          if (!(error instanceof InsufficientCapacityError) || options?.capacities === undefined) throw error
          const [first] = Object.keys(resources).sort()
          if (first === undefined || first === error.resourceId) throw error
          const amounts = { [first]: resources[first] ?? 0 }
          await resourceLock.acquire(dfid, amounts, timeoutSec, withoutLease(options))
          throw error
        }
      }),
    ),
    async witness({ resourceLock }) {
      const options = { capacities: { w1: 1, w2: 1 } }
      await refused(resourceLock.acquireBatch('w', { w1: 1, w2: 2 }, 1, options))
      return (await resourceLock.getLockedAmount('w1', null)) === 1
    },
  },
  {
    id: 'lock-forgets-zero',
    breaks: 'an amount of 0 is no hold',
    from: 'a truthiness test of the amount',
    killedBy: 'resource-lock/holds-are-listed-whole',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, (dfid, resources, ...rest) => {
        const named = Object.entries(resources).filter(([, amount]) => amount !== 0)
        return resourceLock.acquire(dfid, Object.fromEntries(named), ...rest)
      }),
    ),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w', { w: 0 }, 1)
      return (await resourceLock.getHolds({ dfid: 'w' })).length === 0
    },
  },
]
