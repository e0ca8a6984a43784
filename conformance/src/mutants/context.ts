import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { pause } from './seed-store.ts'

export const contextMutants: readonly Mutant[] = [
  {
    id: 'session-reformatted',
    breaks: 'a session comes back as other bytes of the same JSON',
    from: 'PostgreSQL jsonb, BSON documents',
    killedBy: 'values/json-text-is-kept-byte-for-byte',
    wrap: over(({ context }) => ({
      context: {
        async getSession(dfid) {
          const json = await context.getSession(dfid)
          return json === null ? null : JSON.stringify(JSON.parse(json))
        },
      },
    })),
    async witness({ context }) {
      await context.setSession('w', '{ "a": 1.0 }')
      return (await context.getSession('w')) !== '{ "a": 1.0 }'
    },
  },
  {
    id: 'falsy-session-is-missing',
    breaks: 'a session that is null, 0, false or an empty text is read as missing',
    from: 'unstorage, langgraphjs: falsy values dropped',
    killedBy: 'values/json-text-is-kept-byte-for-byte',
    wrap: over(({ context }) => ({
      context: {
        async getSession(dfid) {
          const json = await context.getSession(dfid)
          return json !== null && (JSON.parse(json) as unknown) ? json : null
        },
      },
    })),
    async witness({ context }) {
      await context.setSession('w', 'null')
      return (await context.getSession('w')) === null
    },
  },
  {
    id: 'missing-session-is-undefined',
    breaks: 'a session that is not there is undefined instead of null',
    from: 'Map.get, hmget without a check',
    killedBy: 'context/session-is-found-by-its-exact-id',
    wrap: over(({ context }) => ({
      context: {
        getSession: async (dfid) => (await context.getSession(dfid)) ?? (undefined as unknown as null),
      },
    })),
    witness: async ({ context }) => (await context.getSession('w')) === undefined,
  },
  {
    id: 'compare-and-set-ignores-absence',
    breaks: 'a session expected to be absent is written over',
    from: 'WHERE data = $1 OR $1 IS NULL',
    killedBy: 'context/compare-and-set-session-compares-the-exact-text',
    wrap: over(({ context }) => ({
      context: {
        async compareAndSetSession(dfid, expectedJson, dataJson) {
          if (expectedJson !== null) return context.compareAndSetSession(dfid, expectedJson, dataJson)
          await context.setSession(dfid, dataJson)
          return true
        },
      },
    })),
    async witness({ context }) {
      await context.setSession('w', '1')
      return context.compareAndSetSession('w', null, '2')
    },
  },
  {
    id: 'compare-and-set-compares-values',
    breaks: 'two texts of one JSON value count as the same',
    from: 'a comparison of jsonb columns',
    killedBy: 'context/compare-and-set-session-compares-the-exact-text',
    wrap: over(({ context }) => ({
      context: {
        async compareAndSetSession(dfid, expectedJson, dataJson) {
          const stored = await context.getSession(dfid)
          const alike =
            stored !== null && expectedJson !== null && canonical(stored) === canonical(expectedJson)
          return context.compareAndSetSession(dfid, alike ? stored : expectedJson, dataJson)
        },
      },
    })),
    async witness({ context }) {
      await context.setSession('w', '[1]')
      return context.compareAndSetSession('w', '[ 1 ]', '2')
    },
  },
  {
    id: 'compare-then-set',
    breaks: 'a session is compared, and set in a second step',
    from: '160 context merges kept 37',
    killedBy: 'linearizability/compare-and-set',
    wrap: over(({ context }) => ({
      context: {
        async compareAndSetSession(dfid, expectedJson, dataJson) {
          if ((await context.getSession(dfid)) !== expectedJson) return false
          await pause()
          await context.setSession(dfid, dataJson)
          return true
        },
      },
    })),
    async witness({ context }, open) {
      const other = await open()
      const both = [context, other.context].map((one, n) => one.compareAndSetSession('w', null, String(n)))
      return (await Promise.all(both)).every(Boolean)
    },
  },
  {
    id: 'state-falls-back-to-the-session',
    breaks: 'an agent without state is given the session of that name',
    from: 'two kinds of record in one table, told apart by a column that a query forgets',
    killedBy: 'context/sessions-and-states-are-apart',
    wrap: over(({ context }) => ({
      context: { getState: async (id) => (await context.getState(id)) ?? context.getSession(id) },
    })),
    async witness({ context }) {
      await context.setSession('w', '1')
      return (await context.getState('w')) === '1'
    },
  },
  {
    id: 'state-set-where-absence-was-expected',
    breaks: 'a state expected to be absent is written over',
    from: 'the same fault as of sessions, mended in one of two places',
    killedBy: 'context/compare-and-set-state-compares-the-exact-text',
    wrap: over(({ context }) => ({
      context: {
        async compareAndSetState(agentId, expectedJson, dataJson) {
          if (expectedJson !== null) return context.compareAndSetState(agentId, expectedJson, dataJson)
          await context.setState(agentId, dataJson)
          return true
        },
      },
    })),
    async witness({ context }) {
      await context.setState('w', '1')
      return context.compareAndSetState('w', null, '2')
    },
  },
]

function canonical(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json))
  } catch {
    return json
  }
}
