import type { ClaimOptions } from '@dir/storage-core'
import { range } from '../scenarios/kit.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'
import { REQUEST } from './samples.ts'

const DAY = 86_400
const LONG = 'x'.repeat(70_000)

export const lengthMutants: readonly Mutant[] = [
  {
    id: 'pending-requests-up-to-a-thousand',
    breaks: 'no more than a thousand pending requests are listed',
    from: 'a LIMIT that nobody reached in the tests',
    killedBy: 'long-lists/are-whole-and-in-order',
    wrap: over(({ escalation }) => ({
      escalation: { getPendingRequests: async () => (await escalation.getPendingRequests()).slice(0, 1_000) },
    })),
    async witness({ escalation }) {
      for (const n of range(1_001)) await escalation.insertRequest({ ...REQUEST, dfid: `${n}` })
      return (await escalation.getPendingRequests()).length < 1_001
    },
  },
  {
    id: 'renew-up-to-a-thousand',
    breaks: 'a renewal says yes where a flow holds more than it reaches, and leaves the others to end',
    from: 'a bulk write that was cut into parts, of which the first was sent',
    killedBy: 'long-lists/are-exported-renewed-and-released-whole',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        async renew(dfid, leaseSec, options) {
          const held = await resourceLock.getHolds({ dfid })
          if (held.length <= 1_000) return resourceLock.renew(dfid, leaseSec, options)
          return resourceLock.renew(dfid, leaseSec, { fence: held[999]?.fence ?? 0 })
        },
      },
    })),
    async witness({ resourceLock }) {
      const many = Object.fromEntries(range(1_000).map((n) => [`${n}`, 1]))
      await resourceLock.acquireBatch('w', many, 1, { leaseSec: 60 })
      await resourceLock.acquireBatch('w', { last: 1 }, 1, { leaseSec: 60 })
      const [before] = await resourceLock.getHolds({ resourceId: 'last' })
      await resourceLock.renew('w', 6_000)
      const [after] = await resourceLock.getHolds({ resourceId: 'last' })
      return before?.expiresAt === after?.expiresAt
    },
  },
  {
    id: 'fences-of-32-bits',
    breaks: 'release compares a fence as a number of 32 bits',
    from: 'an INTEGER column, and a bitwise operator',
    killedBy: 'large-numbers/fences',
    wrap: over(({ resourceLock }) => ({
      resourceLock: {
        release: (dfid, options) =>
          options?.fence === undefined
            ? resourceLock.release(dfid)
            : resourceLock.release(dfid, { fence: options.fence >>> 0 }),
      },
    })),
    async witness({ resourceLock }) {
      await resourceLock.acquireBatch('w', { w: 1 }, 1)
      await resourceLock.release('w', { fence: 2 ** 32 })
      return (await resourceLock.getHolds()).length === 1
    },
  },
  {
    id: 'states-compared-up-to-64-kib',
    breaks: 'a state is swapped where the expected text begins like the stored one',
    from: 'an index on the beginning of a long text',
    killedBy: 'exact-texts/compare-and-set-state',
    wrap: over(({ context }) => ({
      context: {
        async compareAndSetState(agentId, expectedJson, dataJson) {
          const stored = await context.getState(agentId)
          const alike = stored !== null && expectedJson?.slice(0, 65_536) === stored.slice(0, 65_536)
          return context.compareAndSetState(agentId, alike ? stored : expectedJson, dataJson)
        },
      },
    })),
    async witness({ context }) {
      await context.setState('w', `"${LONG}1"`)
      return context.compareAndSetState('w', `"${LONG}2"`, '3')
    },
  },
  {
    id: 'claims-of-a-day-at-most',
    breaks: 'the lease of a claim ends after a day, however long was asked',
    from: 'an upper bound that is silently applied',
    killedBy: 'durations/of-claims',
    wrap: over(({ idempotency }) => ({
      idempotency: {
        claim: (key, options: ClaimOptions) =>
          idempotency.claim(key, { ...options, leaseSec: Math.min(DAY, options.leaseSec) }),
      },
    })),
    async witness({ idempotency }) {
      await idempotency.claim('w', { leaseSec: 10 * DAY })
      const claim = await idempotency.claim('w', { leaseSec: 1 })
      return claim.state === 'inFlight' && Date.parse(claim.until) < Date.now() + 2 * DAY * 1_000
    },
  },
  {
    id: 'windows-of-whole-minutes',
    breaks: 'the window of a budget is rounded up to whole minutes',
    from: 'tokens that were counted by the minute',
    killedBy: 'durations/windows-end-neither-early-nor-late',
    wrap: over(({ escalation }) => ({
      escalation: {
        tryConsumeBudget: (agentId, budget) =>
          escalation.tryConsumeBudget(agentId, {
            ...budget,
            windowSec: Math.min(1e9, Math.ceil(budget.windowSec / 60) * 60),
          }),
      },
    })),
    async witness({ escalation }) {
      await escalation.recordBudgetToken('w')
      await new Promise((resolve) => setTimeout(resolve, 60))
      return (await escalation.tryConsumeBudget('w', { limit: 0, windowSec: 0.02 })).used === 1
    },
  },
  {
    id: 'claims-in-flight-at-their-end',
    breaks: 'a claim is in flight in the very millisecond in which its lease ends',
    from: 'until >= now, where until > now was meant',
    killedBy: 'durations/end-at-their-moment',
    wrap: over(({ idempotency }) => {
      const ends = new Map<string, string>()
      return {
        idempotency: {
          async claim(key, options: ClaimOptions) {
            const claim = await idempotency.claim(key, options)
            if (claim.state === 'inFlight') ends.set(key, claim.until)
            const until = ends.get(key) ?? ''
            const isNow = claim.state === 'ambiguous' && Date.parse(until) === Date.now()
            return isNow ? { state: 'inFlight', until } : claim
          },
        },
      }
    }),
    async witness({ idempotency }) {
      for (const n of range(100)) {
        await idempotency.claim(`${n}`, { leaseSec: 0.003 })
        const claim = await idempotency.claim(`${n}`, { leaseSec: 0.003 })
        const end = claim.state === 'inFlight' ? Date.parse(claim.until) : 0
        while (Date.now() < end);
        const { state } = await idempotency.claim(`${n}`, { leaseSec: 0.003 })
        if (state === 'inFlight') return true
      }
      return false
    },
  },
  {
    id: 'large-marks-take-no-place',
    breaks: 'a mark of more than 64 KiB does not take the place of one that is there',
    from: 'an update that goes another way for large values',
    killedBy: 'replacements/mark',
    wrap: over(({ saga }) => ({
      saga: {
        async markDirty(dfid, failedStep, partialStateJson) {
          if (partialStateJson.length > 65_536 && (await saga.getDirtyState(dfid)) !== null) return
          await saga.markDirty(dfid, failedStep, partialStateJson)
        },
      },
    })),
    async witness({ saga }) {
      await saga.markDirty('w', 's', '1')
      await saga.markDirty('w', 's', `"${LONG}"`)
      return (await saga.getDirtyState('w'))?.partialState === 1
    },
  },
]
