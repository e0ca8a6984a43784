import { InsufficientCapacityError, type StorageHandle } from '@dir/storage-core'
import { parseSession } from './desk.ts'
import type { Verbs } from './verbs.ts'

/**
 * The same five verbs as the original's callers have to write them: read, decide, write, each a call of its own.
 * Whoever comes in between is lost, or let in twice.
 */
export function separateSteps(storage: StorageHandle): Verbs {
  const { context, decisionAudit, escalation, idempotency, intentRetry, lifecycle, resourceLock } = storage
  return {
    async countRejection(dfid) {
      const count = (await intentRetry.getCount(dfid)) + 1
      await intentRetry.setCount(dfid, count)
      return count
    },

    async merge(dfid, change) {
      const session = parseSession(await context.getSession(dfid))
      await context.setSession(dfid, JSON.stringify(change(session)))
    },

    async escalate(request, { limit, windowSec }) {
      const since = new Date(Date.now() - windowSec * 1000).toISOString()
      const used = await escalation.getWindowCount(request.agentId, since)
      if (used >= limit) return { granted: false, used }
      await escalation.recordBudgetToken(request.agentId)
      await escalation.insertRequest(request)
      return { granted: true, used: used + 1 }
    },

    async reserve(dfid, resources, capacities) {
      for (const [resourceId, amount] of Object.entries(resources)) {
        const locked = await resourceLock.getLockedAmount(resourceId, dfid)
        const capacity = capacities[resourceId] ?? 0
        if (locked + amount > capacity)
          throw new InsufficientCapacityError(resourceId, amount, locked, capacity)
      }
      await resourceLock.acquireBatch(dfid, resources, 10)
      await decisionAudit.record(dfid, 'capital_reserved', {
        stepId: 'reserve',
        state: 'RESERVED',
        details: { resources },
      })
      await lifecycle.recordTransition(dfid, 'APPROVED', 'RESERVED')
    },

    async once(key, effect) {
      if ((await idempotency.get(key)) !== null) return
      await idempotency.set(key, await effect())
    },
  }
}
