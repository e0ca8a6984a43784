import type { EscalationStorage } from '@dir/storage-core'
import { same } from '../same.ts'
import type { Scenario } from '../scenario.ts'
import { UNDECIDED, asked } from './escalation-decisions.ts'
import { LONG_AGO, group } from './kit.ts'
import { timeAt } from './plant.ts'
import { ROUNDS, places, rounds } from './rounds.ts'
import { aRequest } from './samples.ts'

const readOf = async (escalation: EscalationStorage, dfid: string) =>
  (await escalation.getRequest(dfid)) ?? { createdAt: null }

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['escalation'] }, [
  {
    id: 'races/one-decision-stands',
    title: 'of sixteen humans who decide one request one does, in each of its incarnations',
    clause: 'resolveRequest → true if it was pending: the first human decision stands',
    asserts: 2 * ROUNDS,
    run: (context) =>
      rounds(
        context,
        ({ escalation }, racer, dfid) => escalation.resolveRequest(dfid, '2026-03-01', `by ${racer}`, null),
        async (answers, { escalation }, dfid) => {
          context.assert.equal(places(answers, (won) => won).length, 1, 'how many decided')
          const pending = (await escalation.getPendingRequests()).filter((request) => request.dfid === dfid)
          context.assert.equal(pending, [], 'what is still pending')
        },
        ({ escalation }, dfid) => escalation.insertRequest(aRequest(dfid, 'agent')),
      ),
  },
  {
    id: 'races/the-decision-that-stands-is-shown-whole',
    title:
      'of several humans who decide one request everybody sees the decision of the one who did, all of it',
    clause: 'getRequest: a decision with its time, proposal and human; the first human decision stands',
    asserts: 3 * ROUNDS,
    run: (context) =>
      rounds(
        context,
        async ({ escalation }, racer, dfid) => {
          const own = `by ${racer}`
          const won =
            racer % 3 > 0 &&
            (await escalation.resolveRequest(dfid, timeAt(racer), own, `"${own}"`, { resolvedBy: own }))
          return { won, seen: await escalation.getRequest(dfid) }
        },
        async (answers, { escalation }, dfid) => {
          const [winner = -1, ...others] = places(answers, ({ won }) => won)
          context.assert.equal(others, [], 'who else decided')
          const [own, { createdAt }] = [`by ${winner}`, await readOf(escalation, dfid)]
          const request = { ...asked(dfid, 'agent'), createdAt }
          const decision = { decision: own, resolvedAt: timeAt(winner), resolvedBy: own }
          const proposal = { proposal: own, proposalJson: `"${own}"` }
          const decided = { ...request, ...proposal, status: 'RESOLVED', ...decision }
          const open = { ...request, ...UNDECIDED }
          context.assert.equal(await readOf(escalation, dfid), decided, 'what stands')
          const wrong = answers.filter(({ seen }, racer) => {
            return !same(seen, decided) && !(racer % 3 === 0 && same(seen, open))
          })
          context.assert.equal(wrong, [], 'what else was seen')
        },
        ({ escalation }, dfid) => escalation.insertRequest(aRequest(dfid, 'agent')),
      ),
  },
  {
    id: 'races/a-budget-is-never-exceeded',
    title: 'of sixteen racers for a budget of five, five are granted, with and without a request',
    clause: 'tryConsumeBudget, requestWithinBudget: never more than limit grants in any window',
    asserts: 4 * ROUNDS,
    run: (context) =>
      rounds(
        context,
        ({ escalation }, racer, agentId) => {
          const budget = { limit: 5, windowSec: 3_600 }
          return racer % 2 === 0
            ? escalation.tryConsumeBudget(agentId, budget)
            : escalation.requestWithinBudget(aRequest(`${agentId} ${racer}`, agentId), budget)
        },
        async (answers, { escalation }, agentId) => {
          const granted = places(answers, (answer) => answer.granted)
          context.assert.equal(
            granted.map((racer) => answers[racer]?.used ?? 0).toSorted((a, b) => a - b),
            [1, 2, 3, 4, 5],
            'what the granted ones were told is used',
          )
          context.assert.equal(
            places(answers, ({ granted: won, used }) => !won && used === 5).length,
            11,
            'refused',
          )
          context.assert.equal(await escalation.getWindowCount(agentId, LONG_AGO), 5, 'the tokens')
          const pending = (await escalation.getPendingRequests()).filter(
            (request) => request.agentId === agentId,
          )
          const flows = pending.map(({ dfid }) => Number(dfid.split(' ').at(-1))).toSorted((a, b) => a - b)
          context.assert.equal(
            flows,
            granted.filter((racer) => racer % 2 === 1),
            'whose requests are pending',
          )
        },
      ),
  },
])
