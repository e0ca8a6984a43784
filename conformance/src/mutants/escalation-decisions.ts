import type { StoredRequest } from '@dir/storage-core'
import type { Mutant } from './mutant.ts'
import { over, overShared } from './over.ts'
import { REQUEST } from './samples.ts'

const NOW = '2026-03-01T09:30:00.000000Z'

export const escalationDecisionMutants: readonly Mutant[] = [
  {
    id: 'nobody-has-decided',
    breaks: 'who decided is not kept',
    from: 'a column that an UPDATE leaves out',
    killedBy: 'escalation/a-decision-says-who-decided',
    wrap: over(({ escalation }) => ({
      escalation: {
        resolveRequest: (dfid, resolvedAt, decision, proposalJson, options) => {
          const { resolvedBy: _, ...rest } = options ?? {}
          return escalation.resolveRequest(dfid, resolvedAt, decision, proposalJson, rest)
        },
      },
    })),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      await escalation.resolveRequest('w', NOW, 'A', null, { resolvedBy: 'w' })
      return (await escalation.getRequest('w'))?.resolvedBy === null
    },
  },
  {
    id: 'reopened-request-keeps-its-decision',
    breaks: 'a request that is opened again shows the decision on the one before',
    from: 'an upsert that sets what it was given',
    killedBy: 'escalation/a-request-opened-again-has-no-decision',
    wrap: overShared(
      () => new Map<string, StoredRequest>(),
      ({ escalation }, decided) => ({
        escalation: {
          async resolveRequest(dfid, ...rest) {
            const stands = await escalation.resolveRequest(dfid, ...rest)
            const request = stands ? await escalation.getRequest(dfid) : null
            if (request !== null) decided.set(dfid, request)
            return stands
          },
          async getRequest(dfid) {
            const request = await escalation.getRequest(dfid)
            const { decision, resolvedAt, resolvedBy } = decided.get(dfid) ?? request ?? {}
            return request?.status === 'PENDING'
              ? {
                  ...request,
                  decision: decision ?? null,
                  resolvedAt: resolvedAt ?? null,
                  resolvedBy: resolvedBy ?? null,
                }
              : request
          },
        },
      }),
    ),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      await escalation.resolveRequest('w', NOW, 'A', null)
      await escalation.insertRequest(REQUEST)
      return (await escalation.getRequest('w'))?.decision === 'A'
    },
  },
  {
    id: 'decided-request-shows-what-was-asked',
    breaks: 'a request that was resolved with another proposal is read with the one that was asked for',
    from: 'a decision that is kept beside the request, with a proposal of its own',
    killedBy: 'escalation/a-request-can-be-read',
    wrap: overShared(
      () => new Map<string, unknown>(),
      ({ escalation }, proposals) => ({
        escalation: {
          async insertRequest(request) {
            await escalation.insertRequest(request)
            const proposal = (await escalation.getRequest(request.dfid))?.proposal
            proposals.set(request.dfid, proposal)
          },
          async getRequest(dfid) {
            const request = await escalation.getRequest(dfid)
            return request === null ? null : { ...request, proposal: proposals.get(dfid) }
          },
        },
      }),
    ),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      await escalation.resolveRequest('w', NOW, 'A', '7')
      return (await escalation.getRequest('w'))?.proposal !== 7
    },
  },
  {
    id: 'decided-request-is-gone',
    breaks: 'a request that was resolved is read as null',
    from: 'a condition on the status that was meant for the list of pending ones',
    killedBy: 'escalation/a-request-can-be-read',
    wrap: over(({ escalation }) => ({
      escalation: {
        async getRequest(dfid) {
          const request = await escalation.getRequest(dfid)
          return request?.status === 'RESOLVED' ? null : request
        },
      },
    })),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      await escalation.resolveRequest('w', NOW, 'A', null)
      return (await escalation.getRequest('w')) === null
    },
  },
  {
    id: 'request-of-a-flow-like-it',
    breaks: 'getRequest ignores spaces around an id',
    from: 'a form field that is trimmed',
    killedBy: 'escalation/a-request-that-is-not-there-is-null',
    wrap: over(({ escalation }) => ({
      escalation: {
        getRequest: (dfid) => escalation.getRequest(typeof dfid === 'string' ? dfid.trim() || dfid : dfid),
      },
    })),
    async witness({ escalation }) {
      await escalation.insertRequest(REQUEST)
      return (await escalation.getRequest(' w')) !== null
    },
  },
]
