import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { pause } from './seed-store.ts'

export const lifecycleMutants: readonly Mutant[] = [
  {
    id: 'transition-unchecked',
    breaks: 'a transition is recorded whatever the current status is',
    from: 'recordTransition under another name',
    killedBy: 'lifecycle/transition-starts-from-the-current-status',
    wrap: over(({ lifecycle }) => ({
      lifecycle: {
        async transition(dfid, fromStatus, toStatus) {
          if (!(await lifecycle.transition(dfid, fromStatus, toStatus)))
            await lifecycle.recordTransition(dfid, fromStatus, toStatus)
          return true
        },
      },
    })),
    async witness({ lifecycle }) {
      await lifecycle.recordTransition('w', null, 'A')
      return lifecycle.transition('w', 'B', 'C')
    },
  },
  {
    id: 'transition-checks-then-records',
    breaks: 'the current status is looked up, and the transition recorded in a second step',
    from: "the original's callers",
    killedBy: 'linearizability/status',
    wrap: over(({ lifecycle }) => ({
      lifecycle: {
        async transition(dfid, fromStatus, toStatus) {
          if ((await lifecycle.getCurrentStatus(dfid)) !== fromStatus)
            return lifecycle.transition(dfid, fromStatus, toStatus)
          await pause()
          await lifecycle.recordTransition(dfid, fromStatus, toStatus)
          return true
        },
      },
    })),
    async witness({ lifecycle }, open) {
      const other = await open()
      const both = [lifecycle, other.lifecycle].map((one) => one.transition('w', null, 'A'))
      return (await Promise.all(both)).every(Boolean)
    },
  },
  {
    id: 'first-status-is-current',
    breaks: 'the current status is that of the first transition',
    from: 'ORDER BY id LIMIT 1 without DESC',
    killedBy: 'lifecycle/current-status-is-the-last-recorded',
    wrap: over(({ lifecycle }) => ({
      lifecycle: {
        async getCurrentStatus(dfid) {
          await lifecycle.getCurrentStatus(dfid)
          return (await lifecycle.getTransitions(dfid))[0]?.toStatus ?? null
        },
      },
    })),
    async witness({ lifecycle }) {
      await lifecycle.recordTransition('w', null, 'A')
      await lifecycle.recordTransition('w', 'A', 'B')
      return (await lifecycle.getCurrentStatus('w')) === 'A'
    },
  },
  {
    id: 'transitions-newest-first',
    breaks: 'transitions come in the reverse order',
    from: 'adapters that disagree about an order nobody wrote down',
    killedBy: 'lifecycle/transitions-are-in-the-order-of-insertion',
    wrap: over(({ lifecycle }) => ({
      lifecycle: { getTransitions: async (dfid) => (await lifecycle.getTransitions(dfid)).reverse() },
    })),
    async witness({ lifecycle }) {
      await lifecycle.recordTransition('w', null, 'A')
      await lifecycle.recordTransition('w', 'A', 'B')
      return (await lifecycle.getTransitions('w'))[0]?.toStatus === 'B'
    },
  },
]
