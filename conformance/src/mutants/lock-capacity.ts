import { InsufficientCapacityError, type ResourceLockStorage } from '@dir/storage-core'
import { acquiring, refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { pause } from './seed-store.ts'

export const lockCapacityMutants: readonly Mutant[] = [
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
]
