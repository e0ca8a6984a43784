import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { pause } from './seed-store.ts'

const LEASE = { leaseSec: 60 }
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const claimMutants: readonly Mutant[] = [
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
      await wait(5)
      return claim.state === 'started' && !(await idempotency.complete('w', claim.token, {}))
    },
  },
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
      await wait(5)
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
