import type { Scenario } from '../scenario.ts'
import { flowsOf } from './escalation-lists.ts'
import { group, range } from './kit.ts'
import { aRequest } from './samples.ts'

const NOW = '2026-03-01T10:00:00Z'

/** As many as several pages hold. */
const MANY = 1_150

export const scenarios: readonly Scenario[] = group(
  { level: 'seed', protocols: ['escalation'], needs: 'empty' },
  [
    {
      id: 'escalation/the-list-goes-through-many-pages',
      title: 'listRequests gives every request once and in order, however many there are and however few fit',
      clause: 'listRequests: an async iterable of any size',
      asserts: 6,
      async run({ storage: { escalation }, assert }) {
        const flows = range(MANY).map((n) => `${(n * 37) % MANY}`)
        const agentOf = (n: number): string => (n === 3 || n > MANY - 3 ? 'rare' : `agent ${n % 2}`)
        for (let n = 0; n < MANY; n += 230)
          await Promise.all(
            flows
              .slice(n, n + 230)
              .map((dfid, i) => escalation.insertRequest(aRequest(dfid, agentOf(n + i)))),
          )
        const at = (filter: (n: number) => boolean): string[] => flows.filter((_, n) => filter(n))
        await Promise.all(at((n) => n % 3 > 0).map((dfid) => escalation.resolveRequest(dfid, NOW, 'x', null)))
        assert.equal(await flowsOf(escalation), flows, 'all')
        assert.equal(
          await flowsOf(escalation, { status: 'PENDING' }),
          at((n) => n % 3 === 0),
          'those that are pending',
        )
        assert.equal(
          await flowsOf(escalation, { status: 'RESOLVED' }),
          at((n) => n % 3 > 0),
          'those that are resolved',
        )
        assert.equal(
          await flowsOf(escalation, { agentId: 'agent 1', status: 'RESOLVED' }),
          at((n) => agentOf(n) === 'agent 1' && n % 3 > 0),
          'those of an agent that are resolved',
        )
        assert.equal(
          await flowsOf(escalation, { agentId: 'rare', status: 'PENDING' }),
          at((n) => agentOf(n) === 'rare' && n % 3 === 0),
          'a few that are far apart',
        )
        assert.equal(await flowsOf(escalation, { olderThanSec: 1e9 }), [], 'none that old')
      },
    },
    {
      id: 'escalation/the-list-sees-what-is-there-when-it-gets-there',
      title: 'what is opened, opened again or resolved while a reader is on its way is part of what it reads',
      clause: 'listRequests: page by page, up to what is there when it gets there',
      asserts: 3,
      async run({ storage: { escalation }, open, assert }) {
        const flows = range(700).map((n) => `flow ${n}`)
        for (let n = 0; n < flows.length; n += 140)
          await Promise.all(
            flows.slice(n, n + 140).map((dfid) => escalation.insertRequest(aRequest(dfid, 'agent'))),
          )
        const writer = (await open()).escalation
        const seen: (readonly [string, string])[] = []
        for await (const { dfid, status } of escalation.listRequests()) {
          seen.push([dfid, status])
          if (seen.length > 1) continue
          await writer.resolveRequest('flow 698', NOW, 'x', null)
          for (const again of ['flow 0', 'flow 650', 'flow 699', 'late'])
            await writer.insertRequest(aRequest(again, 'agent'))
        }
        const expected = [
          ...flows.filter((_, n) => n !== 650 && n !== 699),
          'flow 0',
          'flow 650',
          'flow 699',
          'late',
        ]
        assert.equal(
          seen,
          expected.map((dfid) => [dfid, dfid === 'flow 698' ? 'RESOLVED' : 'PENDING']),
          'the requests',
        )
        const pending: string[] = []
        for await (const { dfid } of escalation.listRequests({ status: 'PENDING' })) {
          pending.push(dfid)
          if (pending.length === 1) await writer.resolveRequest('late', NOW, 'x', null)
        }
        const still = expected.filter((dfid) => dfid !== 'flow 698' && dfid !== 'late').slice(1)
        assert.equal(pending, still, 'those that are pending')
        const first: string[] = []
        for await (const { dfid } of escalation.listRequests()) {
          first.push(dfid)
          if (first.length === 2) break
        }
        assert.equal(first, ['flow 1', 'flow 2'], 'a reader may leave at any time')
      },
    },
  ],
)
