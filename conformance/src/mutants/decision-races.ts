import type { StoredRequest } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { REQUEST } from './samples.ts'
import { pause } from './seed-store.ts'

const NOW = '2026-03-01T09:30:00.000000Z'

/** Decisions that are a mix of two, or of two moments. */
export const decisionRaceMutants: readonly Mutant[] = [
  {
    id: 'the-last-who-tried-has-decided',
    breaks: 'who is told that another decision stands is shown as the one who made it',
    from: 'a side table that is written whether or not the request was pending',
    killedBy: 'races/the-decision-that-stands-is-shown-whole',
    wrap: overShared(
      () => new Map<string, string>(),
      ({ escalation }, tried) => ({
        escalation: {
          async resolveRequest(dfid, resolvedAt, decision, proposalJson, options) {
            const stands = await escalation.resolveRequest(dfid, resolvedAt, decision, proposalJson, options)
            if (options?.resolvedBy !== undefined) tried.set(dfid, options.resolvedBy)
            return stands
          },
          async getRequest(dfid) {
            const request = await escalation.getRequest(dfid)
            const resolvedBy = tried.get(dfid)
            return request?.status === 'RESOLVED' && resolvedBy !== undefined
              ? { ...request, resolvedBy }
              : request
          },
        },
      }),
    ),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      for (const resolvedBy of ['a', 'b'])
        await escalation.resolveRequest('w', NOW, 'A', null, { resolvedBy })
      return (await escalation.getRequest('w'))?.resolvedBy === 'b'
    },
  },
  {
    id: 'request-read-in-two-steps',
    breaks: 'a request and what was decided about it are read one after the other',
    from: 'a second query for a side table, outside a transaction',
    killedBy: 'races/the-decision-that-stands-is-shown-whole',
    wrap: over(({ escalation }) => ({
      escalation: {
        async getRequest(dfid) {
          const request = await escalation.getRequest(dfid)
          await pause()
          const { decision = null, resolvedBy = null } = (await escalation.getRequest(dfid)) ?? {}
          return request === null ? null : { ...request, decision, resolvedBy }
        },
      },
    })),
    async witness({ escalation }, open) {
      const other = await open()
      await escalation.insertRequest(REQUEST)
      const reading = escalation.getRequest('w')
      await other.escalation.resolveRequest('w', NOW, 'A', null, { resolvedBy: 'w' })
      const seen = await reading
      return seen?.status === 'PENDING' && seen.resolvedBy === 'w'
    },
  },
  {
    id: 'request-read-from-a-cache',
    breaks: 'a handle answers every second getRequest with what it has read before',
    from: 'a cache that nobody invalidates',
    killedBy: 'linearizability/decision',
    wrap: over(({ escalation }) => {
      const cache = new Map<string, StoredRequest>()
      return {
        escalation: {
          async getRequest(dfid) {
            const cached = cache.get(dfid)
            cache.delete(dfid)
            if (cached !== undefined) return cached
            const request = await escalation.getRequest(dfid)
            if (request !== null) cache.set(dfid, request)
            return request
          },
        },
      }
    }),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      await escalation.getRequest('w')
      await escalation.resolveRequest('w', NOW, 'A', null)
      return (await escalation.getRequest('w'))?.status === 'PENDING'
    },
  },
]
