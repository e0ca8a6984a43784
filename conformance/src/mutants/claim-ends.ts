import { setTimeout as sleep } from 'node:timers/promises'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { LEASE } from './samples.ts'

export const claimEndMutants: readonly Mutant[] = [
  {
    id: 'claim-ends-by-any-token',
    breaks: 'complete accepts a token that is not the current one',
    from: 'a stale worker completes the job of its successor (bullmq)',
    killedBy: 'idempotency/only-the-current-token-ends-a-claim',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async complete(key, token, result) {
          if (await idempotency.complete(key, token, result)) return true
          if ((await idempotency.get(key)) !== null) return false
          const claim = await idempotency.claim(key, LEASE)
          if (claim.state === 'started') return (await idempotency.abandon(key, claim.token)) && false
          await idempotency.set(key, result)
          return true
        },
      },
    })),
    async witness({ idempotency }) {
      await idempotency.claim('w', LEASE)
      return idempotency.complete('w', 'another', {})
    },
  },
  {
    id: 'claim-completed-after-close',
    breaks: 'a closed handle answers that it has completed a claim',
    from: 'a write that is dropped at shutdown, and whose promise resolves',
    killedBy: 'run-once/says-that-the-effect-ran',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        complete: (key, token, result) =>
          idempotency.complete(key, token, result).catch((error: { readonly code?: string }) => {
            if (error.code === 'STORAGE_CLOSED') return true
            throw error
          }),
      },
    })),
    async witness(storage) {
      await storage.close()
      return storage.idempotency.complete('w', 'token', {}).catch(() => false)
    },
  },
  {
    id: 'claim-late-completion-refused',
    breaks: 'complete is refused once the lease has ended, although nobody claimed anew',
    from: 'the effect happened, and its result was thrown away',
    killedBy: 'idempotency/a-late-result-still-counts',
    wrap: overShared(
      () => new Map<string, number>(),
      ({ idempotency }, ends) => ({
        idempotency: {
          async claim(key, options) {
            const claim = await idempotency.claim(key, options)
            if (claim.state === 'started') ends.set(claim.token, Date.now() + options.leaseSec * 1000)
            return claim
          },
          complete: async (key, token, result) =>
            (ends.get(token) ?? Infinity) > Date.now() && idempotency.complete(key, token, result),
        },
      }),
    ),
    async witness({ idempotency }) {
      const claim = await idempotency.claim('w', { leaseSec: 0.001 })
      await sleep(5)
      return claim.state === 'started' && !(await idempotency.complete('w', claim.token, {}))
    },
  },
  {
    id: 'result-does-not-end-a-claim',
    breaks: 'a claim survives set: its token still ends it, over the result that stands',
    from: 'results and claims in two tables',
    killedBy: 'idempotency/a-stored-result-voids-a-claim',
    wrap: overShared(
      () => new Map<string, string>(),
      ({ idempotency }, tokens) => ({
        idempotency: {
          async claim(key, options) {
            const claim = await idempotency.claim(key, options)
            if (claim.state === 'started') tokens.set(key, claim.token)
            return claim
          },
          async complete(key, token, result) {
            const done = await idempotency.complete(key, token, result)
            if (!done && tokens.get(key) !== token) return false
            tokens.delete(key)
            if (!done) await idempotency.set(key, result)
            return true
          },
          async abandon(key, token) {
            const done = await idempotency.abandon(key, token)
            if (done) tokens.delete(key)
            return done
          },
        },
      }),
    ),
    async witness({ idempotency }) {
      const claim = await idempotency.claim('w', LEASE)
      await idempotency.set('w', { n: 1 })
      return claim.state === 'started' && idempotency.complete('w', claim.token, { n: 2 })
    },
  },
  {
    id: 'completion-without-its-result',
    breaks: 'complete ends the claim and keeps no result',
    from: 'two writes, the second of which is lost',
    killedBy: 'run-once/runs-once-and-replays',
    wrap: over(({ idempotency }) => ({
      idempotency: { complete: (key, token) => idempotency.abandon(key, token) },
    })),
    async witness({ idempotency }) {
      const claim = await idempotency.claim('w', LEASE)
      if (claim.state === 'started') await idempotency.complete('w', claim.token, { n: 1 })
      return (await idempotency.get('w')) === null
    },
  },
  {
    id: 'abandoned-and-kept',
    breaks: 'abandon says that it gave the key back, and keeps it',
    from: 'a release that is not awaited',
    killedBy: 'idempotency/a-claim-ends-once',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async abandon(key, token) {
          if (!(await idempotency.abandon(key, token))) return false
          await idempotency.claim(key, LEASE)
          return true
        },
      },
    })),
    async witness({ idempotency }) {
      const claim = await idempotency.claim('w', LEASE)
      if (claim.state === 'started') await idempotency.abandon('w', claim.token)
      return (await idempotency.claim('w', LEASE)).state === 'inFlight'
    },
  },
  {
    id: 'abandoned-is-done',
    breaks: 'abandoning a claim stores an empty result, which everybody is then given',
    from: 'failures that are cached',
    killedBy: 'run-once/a-throw-gives-the-key-back',
    wrap: over(({ idempotency }) => ({
      idempotency: { abandon: (key, token) => idempotency.complete(key, token, {}) },
    })),
    async witness({ idempotency }) {
      const claim = await idempotency.claim('w', LEASE)
      if (claim.state === 'started') await idempotency.abandon('w', claim.token)
      return (await idempotency.get('w')) !== null
    },
  },
]
