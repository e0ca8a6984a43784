import { setTimeout as sleep } from 'node:timers/promises'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { pause } from './seed-store.ts'
import { LEASE } from './samples.ts'

export const claimMutants: readonly Mutant[] = [
  {
    id: 'claim-restarts-after-its-lease',
    breaks: 'a claim that ran out unfinished is given to the next caller as if nothing had happened',
    from: 'leases in queues: the effect runs twice (bullmq, bull)',
    killedBy: 'idempotency/a-claim-that-ran-out-is-ambiguous-for-good',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async claim(key, options) {
          const claim = await idempotency.claim(key, options)
          if (claim.state !== 'ambiguous') return claim
          await idempotency.abandon(key, claim.token)
          return idempotency.claim(key, options)
        },
      },
    })),
    async witness({ idempotency }) {
      await idempotency.claim('w', { leaseSec: 0.001 })
      await sleep(5)
      return (await idempotency.claim('w', LEASE)).state === 'started'
    },
  },
  {
    id: 'claim-ignores-the-request',
    breaks: 'another request under a key in use is given the first one’s result',
    from: 'keys that are reused for other parameters',
    killedBy: 'idempotency/a-mismatch-is-judged-first',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        claim: (key, options) => {
          const { requestHash: _, ...rest } = options ?? {}
          return idempotency.claim(key, rest as typeof options)
        },
      },
    })),
    async witness({ idempotency }) {
      await idempotency.claim('w', { ...LEASE, requestHash: 'a' })
      return (await idempotency.claim('w', { ...LEASE, requestHash: 'b' })).state !== 'mismatch'
    },
  },
  {
    id: 'claim-check-then-write',
    breaks: 'claim looks whether the key is claimed, and claims it in a second step',
    from: 'one idempotency key executed 8 times by 8 callers',
    killedBy: 'linearizability/claim',
    wrap: overShared(
      () => new Set<string>(),
      ({ idempotency }, claimed) => ({
        idempotency: {
          async claim(key, options) {
            const free = !claimed.has(key)
            const claim = await idempotency.claim(key, options)
            await pause()
            claimed.add(key)
            return free && claim.state === 'inFlight' ? { state: 'started', token: 'second' } : claim
          },
        },
      }),
    ),
    async witness({ idempotency }, open) {
      const other = await open()
      const claims = await Promise.all([idempotency.claim('w', LEASE), other.idempotency.claim('w', LEASE)])
      return claims.every(({ state }) => state === 'started')
    },
  },
  {
    id: 'in-flight-called-ambiguous',
    breaks: 'a claim whose lease runs is called ambiguous, and its token handed out',
    from: 'leases compared with the wrong sign',
    killedBy: 'run-once/waits-no-longer-than-asked',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async claim(key, options) {
          const claim = await idempotency.claim(key, options)
          if (claim.state !== 'inFlight') return claim
          return { state: 'ambiguous', since: claim.until, token: 'somebody' }
        },
      },
    })),
    async witness({ idempotency }) {
      await idempotency.claim('w', LEASE)
      return (await idempotency.claim('w', LEASE)).state === 'ambiguous'
    },
  },
]
