import type { Scenario } from '../scenario.ts'
import { LONG_AGO, group } from './kit.ts'
import { ROUNDS, places, rounds } from './rounds.ts'
import { aRequest } from './samples.ts'

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
          const asked = pending.map(({ dfid }) => Number(dfid.split(' ').at(-1))).toSorted((a, b) => a - b)
          context.assert.equal(
            asked,
            granted.filter((racer) => racer % 2 === 1),
            'whose requests are pending',
          )
        },
      ),
  },
])
