import { InsufficientCapacityError, type ResourceLockStorage } from '@dir/storage-core'
import { acquiring, refused, withoutLease } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { pause } from './seed-store.ts'

export const lockGrantMutants: readonly Mutant[] = [
  {
    id: 'lock-checks-before-it-locks',
    breaks: 'acquire looks whether there is room, and writes in a second step',
    from: 'capacity checked outside the transaction (overbooked in 68 of 100 rounds)',
    killedBy: 'linearizability/lock',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, async (dfid, resources, timeoutSec, options = {}) => {
        const { capacities = {}, ...rest } = options
        for (const resource of Object.keys(capacities).sort()) {
          const capacity = capacities[resource] ?? 0
          const amount = resources[resource]
          const locked = await resourceLock.getLockedAmount(resource, dfid)
          if (amount !== undefined && locked + amount > capacity + 1e-9)
            throw new InsufficientCapacityError(resource, amount, locked, capacity)
        }
        await pause()
        return resourceLock.acquire(dfid, resources, timeoutSec, rest)
      }),
    ),
    async witness(storage, open) {
      const options = { capacities: { w: 10 } }
      const other = await open()
      await Promise.allSettled([
        storage.resourceLock.acquireBatch('w1', { w: 8 }, 1, options),
        other.resourceLock.acquireBatch('w2', { w: 8 }, 1, options),
      ])
      return (await storage.resourceLock.getLockedAmount('w', null)) > 10
    },
  },
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
    id: 'lock-sums-floats',
    breaks: 'amounts are summed and compared as binary fractions',
    from: '0.1 + 0.2 did not fit into 0.3 on three backends, and did on the fourth',
    killedBy: 'resource-lock/amounts-are-exact-to-six-decimals',
    wrap: over(({ resourceLock }) => {
      const sum = async (resourceId: string, excludeDfid: string | null): Promise<number> =>
        (await resourceLock.getHolds({ resourceId }))
          .filter(({ dfid }) => dfid !== excludeDfid)
          .reduce((total, { amount }) => total + (amount ?? 0), 0)
      const { resourceLock: changed } = acquiring(
        resourceLock,
        async (dfid, resources, timeoutSec, options) => {
          const grant = await resourceLock.acquire(dfid, resources, timeoutSec, options)
          for (const [resource, capacity] of Object.entries(options?.capacities ?? {})) {
            const locked = await sum(resource, dfid)
            const amount = resources[resource]
            if (amount === undefined || locked + amount <= capacity) continue
            await resourceLock.release(dfid)
            throw new InsufficientCapacityError(resource, amount, locked, capacity)
          }
          return grant
        },
      )
      const getLockedAmount: ResourceLockStorage['getLockedAmount'] = async (resourceId, excludeDfid) =>
        (await resourceLock.getLockedAmount(resourceId, excludeDfid)) && sum(resourceId, excludeDfid)
      return { resourceLock: { ...changed, getLockedAmount } }
    }),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w1', { w: 0.1 }, 1)
      return refused(resourceLock.acquireBatch('w2', { w: 0.2 }, 1, { capacities: { w: 0.3 } }))
    },
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
    id: 'lock-counts-own-hold-against-itself',
    breaks: 'what a flow holds already counts against what it acquires anew',
    from: 'a capacity check that forgot to leave out the own flow',
    killedBy: 'linearizability/lock',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, async (dfid, resources, timeoutSec, options) => {
        for (const [resource, capacity] of Object.entries(options?.capacities ?? {})) {
          const locked = await resourceLock.getLockedAmount(resource, null).catch(() => 0)
          const own = locked - (await resourceLock.getLockedAmount(resource, dfid).catch(() => locked))
          const amount = resources[resource] ?? 0
          if (own > 0 && locked + amount > capacity)
            throw new InsufficientCapacityError(resource, amount, locked, capacity)
        }
        return resourceLock.acquire(dfid, resources, timeoutSec, options)
      }),
    ),
    async witness({ resourceLock }) {
      const options = { capacities: { w: 10 } }
      await resourceLock.acquireBatch('w', { w: 8 }, 1, options)
      return refused(resourceLock.acquireBatch('w', { w: 9 }, 1, options))
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
    id: 'lock-names-the-last-full-resource',
    breaks: 'a refusal names another resource than the first in id order that has no room',
    from: 'adapters that iterate in the order of the argument',
    killedBy: 'resource-lock/the-first-resource-without-room-is-named',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, async (dfid, resources, timeoutSec, options) => {
        const sound = (named: typeof resources) => resourceLock.acquire(dfid, named, timeoutSec, options)
        try {
          return await sound(resources)
        } catch (error) {
          if (!(error instanceof InsufficientCapacityError)) throw error
          for (const last of Object.keys(resources).sort().reverse()) {
            const amount = resources[last] ?? 0
            const capacity = options?.capacities?.[last] ?? Infinity
            const locked = await resourceLock.getLockedAmount(last, dfid)
            if (locked + amount > capacity)
              throw new InsufficientCapacityError(last, amount, locked, capacity)
          }
          throw error
        }
      }),
    ),
    async witness({ resourceLock }) {
      const options = { capacities: { w1: 1, w2: 1 } }
      const call = resourceLock.acquireBatch('w', { w1: 2, w2: 2 }, 1, options)
      return call.then(
        () => false,
        (error: { resourceId?: string }) => error.resourceId === 'w2',
      )
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
