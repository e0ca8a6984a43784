import type { JsonObject } from '@dir/storage-core'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { pause } from './seed-store.ts'

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
          if ((await idempotency.get(key)) !== null) return idempotency.setIfAbsent(key, result)
          await pause()
          await idempotency.set(key, result)
          return { ...(await idempotency.setIfAbsent(key, result)), stored: true }
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
    killedBy: 'arguments/methods-of-idempotency',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        set: (key, result) =>
          idempotency.set(key, Array.isArray(result) ? { ...(result as object) } : result),
      },
    })),
    witness: async ({ idempotency }) => !(await refused(idempotency.set('w', [] as unknown as JsonObject))),
  },
  {
    id: 'set-merges-results',
    breaks: 'a result that is set over another keeps the members of that one',
    from: 'HSET, $set, jsonb ||',
    killedBy: 'idempotency/set-replaces-the-whole-result',
    wrap: overShared(
      () => new Map<string, JsonObject>(),
      ({ idempotency }, known) => ({
        idempotency: {
          async set(key, result) {
            await idempotency.set(key, result)
            const both = { ...known.get(key), ...result }
            known.set(key, both)
            await idempotency.set(key, both)
          },
        },
      }),
    ),
    async witness({ idempotency }) {
      await idempotency.set('w', { a: 1 })
      await idempotency.set('w', { b: 2 })
      return (await idempotency.get('w'))?.['a'] === 1
    },
  },
  {
    id: 'members-with-an-underscore-dropped',
    breaks: 'members of a result that begin with an underscore are not kept',
    from: 'serialisers that take them for private (_id, _v)',
    killedBy: 'audit-store/adds-the-flow-to-a-result',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        async get(key) {
          const result = await idempotency.get(key)
          if (result === null) return null
          return Object.fromEntries(Object.entries(result).filter(([name]) => !/^_[a-z]/.test(name)))
        },
      },
    })),
    async witness({ idempotency }) {
      await idempotency.set('w', { _n: 1 })
      return (await idempotency.get('w'))?.['_n'] === undefined
    },
  },
]

function emptyListsToObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? {} : value.map(emptyListsToObjects)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, emptyListsToObjects(one)]))
}
