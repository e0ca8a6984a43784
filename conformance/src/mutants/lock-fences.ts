import { acquiring } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'

export const lockFenceMutants: readonly Mutant[] = [
  {
    id: 'lock-release-ignores-fence',
    breaks: 'a stale holder releases what was acquired after it',
    from: 'leases without a fencing token (Kleppmann)',
    killedBy: 'resource-lock/release-spares-newer-holds',
    wrap: over(({ resourceLock }) => ({ resourceLock: { release: (dfid) => resourceLock.release(dfid) } })),
    async witness({ resourceLock }) {
      const old = await resourceLock.acquire('w', { w: 1 }, 1)
      await resourceLock.acquire('w', { w: 2 }, 1)
      await resourceLock.release('w', { fence: old?.fence ?? 0 })
      return (await resourceLock.getLockedAmount('w', null)) === 0
    },
  },
  {
    id: 'lock-fence-does-not-rise',
    breaks: 'a flow that acquires again gets the fence it had',
    from: 'a fence kept in the row that is replaced',
    killedBy: 'resource-lock/a-replaced-hold-has-the-new-fence',
    wrap: overShared(
      () => new Map<string, number>(),
      ({ resourceLock }, fences) =>
        acquiring(resourceLock, async (dfid, ...rest) => {
          const grant = await resourceLock.acquire(dfid, ...rest)
          if (grant === null) return null
          const fence = fences.get(dfid) ?? grant.fence
          fences.set(dfid, fence)
          return { ...grant, fence }
        }),
    ),
    async witness({ resourceLock }) {
      const first = await resourceLock.acquire('w', { w: 1 }, 1)
      return (await resourceLock.acquire('w', { w: 1 }, 1))?.fence === first?.fence
    },
  },
  {
    id: 'lock-lease-never-ends',
    breaks: 'a hold with a lease stays when the lease has ended',
    from: 'expiry left to a background job that does not run',
    killedBy: 'resource-lock/an-expired-hold-does-not-exist',
    wrap: over(({ resourceLock }) =>
      acquiring(resourceLock, (dfid, resources, timeoutSec, options) => {
        const long = options?.leaseSec === undefined ? {} : { leaseSec: options.leaseSec + 1000 }
        return resourceLock.acquire(dfid, resources, timeoutSec, { ...options, ...long })
      }),
    ),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w', { w: 1 }, 1, { leaseSec: 0.001 })
      await new Promise((resolve) => setTimeout(resolve, 5))
      return (await resourceLock.getLockedAmount('w', null)) === 1
    },
  },
  {
    id: 'lock-renew-gives-everything-a-lease',
    breaks: 'renewing puts a lease on holds that had none',
    from: 'an UPDATE without the condition on expires_at',
    killedBy: 'resource-lock/renew-needs-a-live-lease',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        async renew(dfid, leaseSec, options) {
          const renewed = await resourceLock.renew(dfid, leaseSec, options)
          for (const { resourceId, amount, expiresAt } of await resourceLock.getHolds({ dfid }))
            if (expiresAt === null)
              await resourceLock.acquire(dfid, { [resourceId]: amount ?? 0 }, 5, { leaseSec })
          return renewed
        },
      },
    })),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w', { w: 1 }, 1)
      await resourceLock.renew('w', 60)
      return (await resourceLock.getHolds({ dfid: 'w' }))[0]?.expiresAt !== null
    },
  },
  {
    id: 'lock-fence-per-flow',
    breaks: 'every flow counts its fences from 1',
    from: 'a counter in the row of the holder',
    killedBy: 'resource-lock/fences-rise',
    wrap: overShared(
      () => new Map<string, number>(),
      ({ resourceLock }, fences) =>
        acquiring(resourceLock, async (dfid, ...rest) => {
          const grant = await resourceLock.acquire(dfid, ...rest)
          if (grant === null) return null
          const fence = (fences.get(dfid) ?? 0) + 1
          fences.set(dfid, fence)
          return { ...grant, fence }
        }),
    ),
    async witness({ resourceLock }) {
      const first = await resourceLock.acquire('w1', { w: 1 }, 1)
      return (await resourceLock.acquire('w2', { w: 1 }, 1))?.fence === first?.fence
    },
  },
]
