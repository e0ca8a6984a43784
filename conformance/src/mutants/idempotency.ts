import type { JsonObject } from '@dir/storage-core'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { pause } from './seed-store.ts'

const LEASE = { leaseSec: 60 }
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const idempotencyMutants: readonly Mutant[] = [
  {
    id: 'first-result-overwritten',
    breaks: 'setIfAbsent writes whether there is a result or not',
    from: 'an upsert where an insert was meant; the kit of that project could not see it (vendo#1297)',
    killedBy: 'idempotency/set-if-absent-keeps-the-first-result',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async setIfAbsent(key, result) {
          const before = await idempotency.setIfAbsent(key, result)
          if (!before.stored) await idempotency.set(key, result)
          return before
        },
      },
    })),
    async witness({ idempotency }) {
      await idempotency.setIfAbsent('w', { n: 1 })
      await idempotency.setIfAbsent('w', { n: 2 })
      return (await idempotency.get('w'))?.['n'] === 2
    },
  },
  {
    id: 'loser-told-its-own-result',
    breaks: 'setIfAbsent tells a loser its own result instead of the one that stands',
    from: 'ON CONFLICT DO NOTHING without reading back',
    killedBy: 'idempotency/set-if-absent-keeps-the-first-result',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        setIfAbsent: async (key, result) => ({ ...(await idempotency.setIfAbsent(key, result)), result }),
      },
    })),
    async witness({ idempotency }) {
      await idempotency.setIfAbsent('w', { n: 1 })
      return (await idempotency.setIfAbsent('w', { n: 2 })).result['n'] === 2
    },
  },
  {
    id: 'first-result-check-then-set',
    breaks: 'setIfAbsent looks whether there is a result, and writes in a second step',
    from: 'both callers win (idempotency libraries, three issues)',
    killedBy: 'linearizability/first-writer',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async setIfAbsent(key, result) {
          const before = await idempotency.get(key)
          if (before !== null) return { stored: false, result: before }
          await pause()
          await idempotency.set(key, result)
          return { stored: true, result: (await idempotency.get(key)) ?? result }
        },
      },
    })),
    async witness({ idempotency }, open) {
      const other = await open()
      const told = await Promise.all([
        idempotency.setIfAbsent('w', { n: 1 }),
        other.idempotency.setIfAbsent('w', { n: 2 }),
      ])
      return told.every(({ stored }) => stored)
    },
  },
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
    id: 'result-shared-with-the-caller',
    breaks: 'the same result object is handed out again and again',
    from: 'an adapter in memory that returns what it stores',
    killedBy: 'values/answers-are-copies',
    wrap: overShared(
      () => new Map<string, JsonObject>(),
      ({ idempotency }, shared) => ({
        idempotency: {
          async get(key) {
            const result = await idempotency.get(key)
            if (result === null) return null
            const known = shared.get(key) ?? result
            shared.set(key, known)
            return known
          },
          async set(key, result) {
            shared.delete(key)
            await idempotency.set(key, result)
          },
        },
      }),
    ),
    async witness({ idempotency }) {
      await idempotency.set('w', { n: 1 })
      Object.assign((await idempotency.get('w')) ?? {}, { n: 2 })
      return (await idempotency.get('w'))?.['n'] === 2
    },
  },
  {
    id: 'result-must-be-flat',
    breaks: 'a result with a nested empty list comes back with an object in its place',
    from: 'cjson in a Redis script, which cannot tell [] from {}',
    killedBy: 'values/objects-are-encoded-by-one-rule',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async get(key) {
          const result = await idempotency.get(key)
          return result === null ? null : (emptyListsToObjects(result) as JsonObject)
        },
      },
    })),
    async witness({ idempotency }) {
      await idempotency.set('w', { list: [] })
      return !Array.isArray((await idempotency.get('w'))?.['list'])
    },
  },
  {
    id: 'set-answers-before-it-refuses',
    breaks: 'set takes a result that is no object',
    from: 'a driver that encodes whatever it gets',
    killedBy: '',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        set: (key, result) =>
          idempotency.set(key, Array.isArray(result) ? { ...(result as object) } : result),
      },
    })),
    witness: async ({ idempotency }) => !(await refused(idempotency.set('w', [] as unknown as JsonObject))),
  },
]

function emptyListsToObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? {} : value.map(emptyListsToObjects)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, emptyListsToObjects(one)]))
}
