import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { REQUEST } from './samples.ts'

const NOW = '2026-03-01T09:30:00Z'

export const escalationMutants: readonly Mutant[] = [
  {
    id: 'last-decision-wins',
    breaks: 'a second human decision is told that it stands',
    from: 'the original, whose update did not look at the status',
    killedBy: 'escalation/the-first-decision-stands',
    wrap: overShared(
      () => new Set<string>(),
      ({ escalation }, known) => ({
        escalation: {
          async resolveRequest(dfid, ...rest) {
            const stands = await escalation.resolveRequest(dfid, ...rest)
            if (stands) known.add(dfid)
            return stands || known.has(dfid)
          },
        },
      }),
    ),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      await escalation.resolveRequest('w', NOW, 'A', null)
      return escalation.resolveRequest('w', NOW, 'B', null)
    },
  },
  {
    id: 'request-never-reopens',
    breaks: 'a request of a flow that was decided before is ignored',
    from: 'INSERT OR IGNORE',
    killedBy: 'escalation/a-request-opened-again-is-a-new-one',
    wrap: overShared(
      () => new Set<string>(),
      ({ escalation }, decided) => ({
        escalation: {
          async insertRequest(request) {
            if (!decided.has(request?.dfid)) await escalation.insertRequest(request)
          },
          async resolveRequest(dfid, ...rest) {
            const stands = await escalation.resolveRequest(dfid, ...rest)
            if (stands) decided.add(dfid)
            return stands
          },
        },
      }),
    ),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      await escalation.resolveRequest('w', NOW, 'A', null)
      await escalation.insertRequest(REQUEST)
      return (await escalation.getPendingRequests()).length === 0
    },
  },
  {
    id: 'reopened-request-keeps-its-place',
    breaks: 'a request that is inserted again stays where it was in the list',
    from: 'an upsert that keeps the row id',
    killedBy: 'escalation/requests-are-in-the-order-of-insertion',
    wrap: overShared(
      () => new Set<string>(),
      ({ escalation }, order) => ({
        escalation: {
          async insertRequest(request) {
            await escalation.insertRequest(request)
            order.add(request.dfid)
          },
          async getPendingRequests() {
            const pending = await escalation.getPendingRequests()
            const place = [...order]
            return pending.sort((a, b) => place.indexOf(a.dfid) - place.indexOf(b.dfid))
          },
        },
      }),
    ),
    async witness({ escalation }) {
      for (const dfid of ['w1', 'w2', 'w1']) await escalation.insertRequest({ ...REQUEST, dfid })
      return (await escalation.getPendingRequests())[0]?.dfid === 'w1'
    },
  },
  {
    id: 'decision-on-a-replaced-request',
    breaks: 'a decision on a request that was replaced meanwhile counts for the new one',
    from: 'a human who looks at an old screen',
    killedBy: 'escalation/a-decision-names-its-request',
    wrap: over(({ escalation }) => ({
      escalation: {
        resolveRequest: (dfid, resolvedAt, decision, proposalJson) =>
          escalation.resolveRequest(dfid, resolvedAt, decision, proposalJson),
      },
    })),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      const createdAt = (await escalation.getPendingRequests())[0]?.createdAt ?? NOW
      await escalation.insertRequest(REQUEST)
      return escalation.resolveRequest('w', NOW, 'A', null, { createdAt })
    },
  },
  {
    id: 'null-proposal-is-none',
    breaks: 'a decision with the JSON text null as its proposal keeps the proposal that was there',
    from: 'a falsy check on a parsed value',
    killedBy: 'escalation/a-decision-is-kept',
    wrap: over(({ escalation }) => ({
      escalation: {
        resolveRequest: (dfid, resolvedAt, decision, proposalJson, options) => {
          const proposal = proposalJson === 'null' ? null : proposalJson
          return escalation.resolveRequest(dfid, resolvedAt, decision, proposal, options)
        },
      },
    })),
    async witness(storage) {
      await storage.escalation.insertRequest(REQUEST)
      await storage.escalation.resolveRequest('w', NOW, 'A', 'null')
      for await (const record of storage.exportRecords())
        if (record.type === 'request') return record.proposalJson !== 'null'
      return false
    },
  },
]
