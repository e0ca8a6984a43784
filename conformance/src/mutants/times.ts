import { setTimeout as sleep } from 'node:timers/promises'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { LEASE } from './samples.ts'

const RATHER_OLD_MS = 1_000

export const timeMutants: readonly Mutant[] = [
  {
    id: 'acquire-keeps-its-first-time',
    breaks: 'a hold that is acquired again keeps the time at which it was acquired first',
    from: 'ON CONFLICT DO UPDATE that names all columns but one',
    killedBy: 'resource-lock/an-acquire-replaces-the-time',
    wrap: overShared(
      () => new Map<string, string | null>(),
      ({ resourceLock }, first) => ({
        resourceLock: {
          async getHolds(filter) {
            const holds = await resourceLock.getHolds(filter)
            return holds.map((hold) => {
              const name = JSON.stringify([hold.dfid, hold.resourceId])
              if (!first.has(name)) first.set(name, hold.acquiredAt)
              return { ...hold, acquiredAt: first.get(name) ?? null }
            })
          },
        },
      }),
    ),
    async witness({ resourceLock }) {
      const times: unknown[] = []
      for (let turn = 0; turn < 2; turn++) {
        await resourceLock.acquireBatch('w', { w: 1 }, 1)
        times.push((await resourceLock.getHolds({ dfid: 'w' }))[0]?.acquiredAt)
        await sleep(5)
      }
      return times[0] === times[1]
    },
  },
  {
    id: 'old-claim-restarts',
    breaks: 'a claim that ran out a while ago is given to the next caller as if it had not been',
    from: 'a job that removes what is old',
    killedBy: 'idempotency/a-claim-of-long-ago-is-still-ambiguous',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async claim(key, options) {
          const claim = await idempotency.claim(key, options)
          if (claim.state !== 'ambiguous') return claim
          if (Date.now() - Date.parse(claim.since) < RATHER_OLD_MS) return claim
          await idempotency.abandon(key, claim.token)
          return idempotency.claim(key, options)
        },
      },
    })),
    async witness({ idempotency }) {
      await idempotency.claim('w', { leaseSec: 0.001 })
      await sleep(RATHER_OLD_MS + 50)
      return (await idempotency.claim('w', LEASE)).state === 'started'
    },
  },
]
