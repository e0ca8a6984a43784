import {
  type AmbiguousError,
  type Budget,
  type BudgetAnswer,
  type EscalationRequest,
  type JsonObject,
  type StorageHandle,
  isStorageError,
  runOnce,
  updateSession,
} from '@dir/storage-core'
import { type Session, parseSession } from './desk.ts'

export type Amounts = Readonly<Record<string, number>>

/** The five places of a flow where something is read, decided upon and written, and so can be raced for. */
export interface Verbs {
  /** Counts a rejection. @returns the flow's count. */
  countRejection(dfid: string): Promise<number>
  /** Changes the flow's session, keeping what others change at the same time. */
  merge(dfid: string, change: (session: Session) => Session): Promise<void>
  /** Puts a request before the reviewer if the agent's budget allows. */
  escalate(request: EscalationRequest, budget: Budget): Promise<BudgetAnswer>
  /** Reserves capital and moves the flow from APPROVED to RESERVED. @throws InsufficientCapacityError */
  reserve(dfid: string, resources: Amounts, capacities: Amounts): Promise<void>
  /** Has an effect happen once, whoever else asks for it under the same key. */
  once(key: string, effect: () => Promise<JsonObject>): Promise<void>
}

/** After how long others notice that a process died in the middle of an effect; they wait for that. */
const LEASE_SEC = 5

/**
 * The atomic verbs of the contract. `look` says what became of an effect whose process died in the middle (null: it
 * did not happen); it is given only where that process is known to be dead.
 */
export function atomicVerbs(
  storage: StorageHandle,
  look?: (key: string) => Promise<JsonObject | null>,
  leaseSec: number = LEASE_SEC,
): Verbs {
  const { context, decisionAudit, escalation, idempotency, intentRetry } = storage

  /** Ends the claim of a dead process by what the trace says. */
  async function settle(key: string, token: string): Promise<void> {
    const result = (await look?.(key)) ?? null
    const isOurs =
      result === null ? await idempotency.abandon(key, token) : await idempotency.complete(key, token, result)
    if (!isOurs) return // another offer of the same order has settled it
    const details = { key, happened: result !== null }
    await decisionAudit.record('desk', 'claim_settled', { stepId: 'settle', details })
  }

  return {
    countRejection: (dfid) => intentRetry.increment(dfid),

    async merge(dfid, change) {
      await updateSession(context, dfid, (json) => JSON.stringify(change(parseSession(json))))
    },

    escalate: (request, budget) => escalation.requestWithinBudget(request, budget),

    async reserve(dfid, resources, capacities) {
      await storage.atomically((batch) => {
        batch.lifecycle.transition(dfid, 'APPROVED', 'RESERVED')
        batch.resourceLock.acquireBatch(dfid, resources, 10, { capacities })
        batch.decisionAudit.record(dfid, 'capital_reserved', {
          stepId: 'reserve',
          state: 'RESERVED',
          details: { resources },
        })
      })
    },

    async once(key, effect) {
      try {
        await runOnce(idempotency, key, { leaseSec, waitSec: 2 * leaseSec }, effect)
      } catch (error) {
        if (look === undefined || !isAmbiguous(error)) throw error
        await settle(key, error.token)
        await this.once(key, effect)
      }
    },
  }
}

function isAmbiguous(error: unknown): error is AmbiguousError {
  return isStorageError(error) && error.code === 'STORAGE_AMBIGUOUS'
}
