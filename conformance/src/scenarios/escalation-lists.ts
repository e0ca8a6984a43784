import type { EscalationStorage, RequestFilter, StoredRequest } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { UNDECIDED } from './escalation-decisions.ts'
import { group, range } from './kit.ts'
import { aRequest } from './samples.ts'

const NOW = '2026-03-01T10:00:00Z'

const read = (escalation: EscalationStorage, filter?: RequestFilter): Promise<StoredRequest[]> =>
  Array.fromAsync(escalation.listRequests(filter))

/** The flows of the requests that are listed. */
export const flowsOf = async (escalation: EscalationStorage, filter?: RequestFilter): Promise<string[]> =>
  (await read(escalation, filter)).map(({ dfid }) => dfid)

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: ['escalation'], needs: 'empty' },
  [
    {
      id: 'escalation/requests-are-listed',
      title:
        'listRequests gives those of the status and the agent asked for, whole, in the order of insertion',
      clause: 'listRequests({ status?, agentId? }): in the order of insertion, oldest first',
      asserts: 13,
      async run({ storage: { escalation }, assert }) {
        assert.equal(await read(escalation), [], 'an empty store')
        const flows = ['c', 'a', 'd', 'b', 'e']
        for (const [n, dfid] of flows.entries())
          await escalation.insertRequest(aRequest(dfid, n < 3 ? 'one' : 'two'))
        for (const dfid of ['b', 'c'])
          await escalation.resolveRequest(dfid, NOW, 'x', `"${dfid}"`, { resolvedBy: `by ${dfid}` })
        const stored = await Promise.all(flows.map((dfid) => escalation.getRequest(dfid)))
        const cases: readonly (readonly [RequestFilter | undefined, readonly number[]])[] = [
          [undefined, [0, 1, 2, 3, 4]],
          [{}, [0, 1, 2, 3, 4]],
          [{ status: 'PENDING' }, [1, 2, 4]],
          [{ status: 'RESOLVED' }, [0, 3]],
          [{ agentId: 'one' }, [0, 1, 2]],
          [{ agentId: 'two' }, [3, 4]],
          [{ agentId: 'on' }, []],
          [{ agentId: 'ONE' }, []],
          [{ status: 'PENDING', agentId: 'one' }, [1, 2]],
          [{ status: 'RESOLVED', agentId: 'two' }, [3]],
        ]
        for (const [filter, positions] of cases)
          assert.equal(
            await read(escalation, filter),
            positions.map((position) => stored[position]),
            JSON.stringify(filter) ?? 'no filter',
          )
        assert.equal(
          stored.map((one) => one?.resolvedBy),
          ['by c', null, null, 'by b', null],
          'who decided',
        )
        const pending = await read(escalation, { status: 'PENDING' })
        assert.equal(
          pending,
          (await escalation.getPendingRequests()).map((one) => ({ ...one, ...UNDECIDED })),
          'as getPendingRequests has it',
        )
      },
    },
    {
      id: 'escalation/a-request-opened-again-is-listed-last',
      title:
        'in every list a request that is opened again is the last, and one that is resolved keeps its place',
      clause: 'listRequests: a re-opened request counts as new',
      asserts: 8,
      async run({ storage: { escalation }, assert }) {
        const flows = range(40).map((n) => `flow ${(n * 7) % 40}`)
        await Promise.all(flows.slice(0, 30).map((dfid) => escalation.insertRequest(aRequest(dfid, 'agent'))))
        for (const dfid of flows.slice(30)) await escalation.insertRequest(aRequest(dfid, 'agent'))
        assert.equal(await flowsOf(escalation), flows, 'ties included')
        const [first, second, third, ...rest] = flows as [string, string, string, ...string[]]
        for (const dfid of [second, third]) await escalation.resolveRequest(dfid, NOW, 'x', null)
        assert.equal(await flowsOf(escalation), flows, 'with two that are resolved')
        await escalation.insertRequest(aRequest(first, 'agent'))
        assert.equal(
          await flowsOf(escalation),
          [second, third, ...rest, first],
          'one that was pending already',
        )
        await escalation.insertRequest(aRequest(second, 'agent'))
        const order = [third, ...rest, first, second]
        assert.equal(await flowsOf(escalation), order, 'one that was resolved')
        await escalation.insertRequest(aRequest(second, 'agent'))
        assert.equal(await flowsOf(escalation), order, 'the last one')
        assert.equal(await flowsOf(escalation, { agentId: 'agent' }), order, 'of the agent')
        assert.equal(
          await flowsOf(escalation, { status: 'PENDING' }),
          order.slice(1),
          'of those that are pending',
        )
        await escalation.insertRequest(aRequest(second, 'other'))
        assert.equal(
          await flowsOf(escalation, { agentId: 'agent' }),
          order.slice(0, -1),
          'one of another agent now',
        )
      },
    },
  ],
)
