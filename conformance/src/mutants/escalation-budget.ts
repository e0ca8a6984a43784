import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { pause } from './seed-store.ts'
import { REQUEST } from './samples.ts'

const ONE = { limit: 1, windowSec: 60 }

export const escalationBudgetMutants: readonly Mutant[] = [
  {
    id: 'budget-off-by-one',
    breaks: 'a budget grants one more than its limit',
    from: 'used <= limit',
    killedBy: 'escalation/budget-grants-up-to-its-limit',
    wrap: over(({ escalation }) => ({
      escalation: {
        tryConsumeBudget: (agentId, budget) =>
          escalation.tryConsumeBudget(agentId, { ...budget, limit: budget.limit + 1 }),
      },
    })),
    async witness({ escalation }) {
      await escalation.tryConsumeBudget('w', ONE)
      return (await escalation.tryConsumeBudget('w', ONE)).granted
    },
  },
  {
    id: 'budget-counts-then-records',
    breaks: 'a budget is counted, and the token recorded in a second step',
    from: 'a budget of 3 granted up to 8 times; rate limits of better-auth',
    killedBy: 'linearizability/budget',
    wrap: over(({ escalation }) => ({
      escalation: {
        async tryConsumeBudget(agentId, budget) {
          const before = await escalation.tryConsumeBudget(agentId, { ...budget, limit: 0 })
          if (before.used >= budget.limit) return before
          await pause()
          await escalation.recordBudgetToken(agentId)
          return { granted: true, used: before.used + 1 }
        },
      },
    })),
    async witness({ escalation }, open) {
      const other = await open()
      const answers = await Promise.all([
        escalation.tryConsumeBudget('w', ONE),
        other.escalation.tryConsumeBudget('w', ONE),
      ])
      return answers.every(({ granted }) => granted)
    },
  },
  {
    id: 'refused-request-inserted',
    breaks: 'a request that the budget refuses is inserted all the same',
    from: 'two statements, of which only one looks at the answer',
    killedBy: 'escalation/request-within-budget-is-all-or-nothing',
    wrap: over(({ escalation }) => ({
      escalation: {
        async requestWithinBudget(request, budget) {
          const answer = await escalation.requestWithinBudget(request, budget)
          if (!answer.granted) await escalation.insertRequest(request)
          return answer
        },
      },
    })),
    async witness({ escalation }) {
      await escalation.requestWithinBudget(REQUEST, { ...ONE, limit: 0 })
      return (await escalation.getPendingRequests()).length === 1
    },
  },
  {
    id: 'window-ignores-the-zone',
    breaks: 'the start of a window is compared without its zone',
    from: 'times compared as texts',
    killedBy: 'escalation/window-includes-its-first-moment',
    wrap: over(({ escalation }) => ({
      escalation: {
        getWindowCount: (agentId, since) =>
          escalation.getWindowCount(
            agentId,
            typeof since === 'string'
              ? since.replace(/ ?[+-]\d\d:?\d\d$/, (zone, at: number) => (at > 10 ? '' : zone))
              : since,
          ),
      },
    })),
    async witness({ escalation }) {
      await escalation.recordBudgetToken('w')
      const soon = new Date(Date.now() + 3_600_000).toISOString().slice(0, -1)
      return (await escalation.getWindowCount('w', `${soon}+02:00`)) === 0
    },
  },
  {
    id: 'window-in-whole-seconds',
    breaks: 'the start of a window is cut to whole seconds',
    from: 'CURRENT_TIMESTAMP of SQLite',
    killedBy: 'escalation/window-includes-its-first-moment',
    wrap: over(({ escalation }) => ({
      escalation: {
        getWindowCount: (agentId, since) =>
          escalation.getWindowCount(agentId, typeof since === 'string' ? since.replace(/\.\d+/, '') : since),
      },
    })),
    async witness({ escalation }) {
      for (let n = 0; n < 20; n++) {
        await escalation.recordBudgetToken(`w${n}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
        if ((await escalation.getWindowCount(`w${n}`, new Date().toISOString())) === 1) return true
      }
      return false
    },
  },
  {
    id: 'window-has-no-start',
    breaks: 'tokens from before the window count too',
    from: 'a parameter that is not used',
    killedBy: 'escalation/window-counts-tokens-since-a-time',
    wrap: over(({ escalation }) => ({
      escalation: {
        async getWindowCount(agentId, since) {
          await escalation.getWindowCount(agentId, since)
          return escalation.getWindowCount(agentId, '0001-01-01')
        },
      },
    })),
    async witness({ escalation }) {
      await escalation.recordBudgetToken('w')
      return (await escalation.getWindowCount('w', '9999-01-01')) === 1
    },
  },
]
