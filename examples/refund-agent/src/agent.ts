// A refund agent on any DIR storage backend. Where a refund stands is read from the store, and each step commits its
// outcome together with its event: whoever finds a refund unfinished, after a crash too, calls `advance`.
import { type Batch, type EffectSignal, type StorageHandle } from '@dir/storage-core'
import { idempotencyKey, isStorageError, runOnce, typedContext } from '@dir/storage-core'
import { z } from 'zod'

const Refund = z.object({ orderId: z.string(), amount: z.number().positive(), reason: z.string() })
export type Refund = z.infer<typeof Refund>
export type Status = 'PROPOSED' | 'ESCALATED' | 'APPROVED' | 'RESERVED' | 'PAID' | 'REFUSED'

/** A service that pays once per key, however often it is asked, and can tell what it paid. */
export interface Payments {
  pay(
    key: string,
    refund: Refund,
    signal: EffectSignal,
  ): Promise<{ paymentId: string } | { declined: string }>
  find(key: string): Promise<{ paymentId: string } | null>
}
type Outcome = { status: 'PAID'; paymentId: string } | { status: 'REFUSED'; reason: string }
/** Answers false where the refund has to wait. */
type Step = (dfid: string, refund: Refund) => Promise<boolean>

const agentId = 'refund-agent'
const CONTRACT = { approvesUpTo: 100, cash: 1_000, tries: 3, escalations: { limit: 20, windowSec: 3_600 } }
/** Far longer than a payment takes: a hold that nobody comes back to ends by itself. */
const HOLD_SEC = 600

export function refundAgent(storage: StorageHandle, payments: Payments) {
  const { agentRegistry, decisionAudit, escalation, idempotency, intentRetry, lifecycle, resourceLock } =
    storage
  const refunds = typedContext(storage.context, Refund)
  const steps: Record<string, Step> = { PROPOSED: check, ESCALATED: review, APPROVED: reserve, RESERVED: pay }
  return { register, propose, decide, advance }

  async function register(): Promise<void> {
    const contractJson = JSON.stringify(CONTRACT)
    const version = { priority: 1, agentVersion: '1.0.0', sessionToken: null }
    await agentRegistry.upsertAgent({ agentId, contractJson, status: 'ACTIVE', ...version })
  }

  /** Proposes to refund an order; the first proposal stands. @returns how far it came. */
  async function propose(refund: Refund): Promise<Status> {
    const dfid = `refund-${refund.orderId}`
    await refunds.updateSession(dfid, (first) => (first === null ? refund : null))
    await move(dfid, null, 'PROPOSED', { ...refund })
    return advance(dfid)
  }

  /** What a human says of a refund that waits for one, of a smaller amount perhaps. The first decision stands. */
  async function decide(dfid: string, decision: 'APPROVED' | 'REFUSED', resolvedBy: string, amount?: number) {
    const refund = await refunds.getSession(dfid)
    const proposal = amount === undefined ? null : JSON.stringify({ ...refund, amount })
    await commit((batch) => {
      batch.escalation.resolveRequest(dfid, new Date().toISOString(), decision, proposal, { resolvedBy })
      batch.decisionAudit.record(dfid, 'DECIDED', { details: { decision, resolvedBy } })
    })
    return advance(dfid)
  }

  /** Takes a refund from step to step until it is over, or waits for a human or for cash. */
  async function advance(dfid: string): Promise<Status> {
    for (;;) {
      const status = await lifecycle.getCurrentStatus(dfid)
      const refund = await refunds.getSession(dfid)
      if (status === null || refund === null) throw new Error(`Nobody has proposed ${dfid}.`)
      if (!(await steps[status]?.(dfid, refund))) return status as Status
    }
  }

  async function check(dfid: string, refund: Refund): Promise<boolean> {
    const agent = await agentRegistry.getStatus(agentId)
    if (agent?.status !== 'ACTIVE') return move(dfid, 'PROPOSED', 'REFUSED', { reason: 'agent suspended' })
    if (refund.amount <= CONTRACT.approvesUpTo) return move(dfid, 'PROPOSED', 'APPROVED')
    const [contextJson, proposalJson] = [JSON.stringify(CONTRACT), JSON.stringify(refund)]
    const request = { dfid, agentId, reason: 'large', contextJson, proposalJson, impact: `${refund.amount}` }
    const isAsked =
      (await escalation.getRequest(dfid)) !== null ||
      (await escalation.requestWithinBudget(request, CONTRACT.escalations)).granted
    return move(dfid, 'PROPOSED', isAsked ? 'ESCALATED' : 'REFUSED', { reason: 'large' })
  }

  async function review(dfid: string): Promise<boolean> {
    const request = await escalation.getRequest(dfid)
    if (request?.status !== 'RESOLVED') return false
    await refunds.setSession(dfid, Refund.parse(request.proposal))
    return move(dfid, 'ESCALATED', request.decision === 'APPROVED' ? 'APPROVED' : 'REFUSED')
  }

  async function reserve(dfid: string, { amount }: Refund): Promise<boolean> {
    try {
      return await move(dfid, 'APPROVED', 'RESERVED', { amount }, (batch) => {
        const limits = { capacities: { cash: CONTRACT.cash }, leaseSec: HOLD_SEC }
        batch.resourceLock.acquire(dfid, { cash: amount }, 1, limits)
      })
    } catch (error) {
      if (!isStorageError(error, 'STORAGE_INSUFFICIENT_CAPACITY')) throw error
      if (amount <= error.capacity) return false
      return move(dfid, 'APPROVED', 'REFUSED', { reason: 'more than there ever is' })
    }
  }

  async function pay(dfid: string, refund: Refund): Promise<boolean> {
    if (!(await resourceLock.renew(dfid, HOLD_SEC)))
      return move(dfid, 'RESERVED', 'APPROVED', { reason: 'the hold has ended' })
    const outcome = await payOnce(dfid, refund)
    return move(dfid, 'RESERVED', outcome.status, outcome, (batch) => batch.resourceLock.release(dfid))
  }

  /** One outcome for all who ask, at the same time or later: paid, or given up. */
  async function payOnce(dfid: string, refund: Refund): Promise<Outcome> {
    const key = idempotencyKey(dfid, 'pay', { amount: refund.amount })
    try {
      return await runOnce(idempotency, key, { leaseSec: 30 }, async (signal): Promise<Outcome> => {
        for (let tries = await intentRetry.getCount(dfid); tries < CONTRACT.tries;) {
          const answer = await payments.pay(key, refund, signal)
          if ('paymentId' in answer) return { status: 'PAID', ...answer }
          tries = await intentRetry.increment(dfid)
          await decisionAudit.record(dfid, 'DECLINED', { details: { tries, ...answer } })
        }
        return { status: 'REFUSED', reason: 'declined too often' }
      })
    } catch (error) {
      if (!isStorageError(error, 'STORAGE_AMBIGUOUS')) throw error
      // Who began to pay died, or could not store how it ended. The service knows; the first to tell the store settles it.
      const paid = await payments.find(key)
      if (paid === null) await idempotency.abandon(key, error.token)
      else await idempotency.complete(key, error.token, { status: 'PAID', ...paid })
      return payOnce(dfid, refund)
    }
  }

  function move(dfid: string, from: Status | null, to: Status, details = {}, also?: (batch: Batch) => void) {
    return commit((batch) => {
      batch.lifecycle.transition(dfid, from, to)
      batch.decisionAudit.record(dfid, to, { details })
      also?.(batch)
    })
  }

  /** All of it or nothing. Where somebody else came first it is nothing, and what they did counts. */
  async function commit(record: (batch: Batch) => void): Promise<true> {
    try {
      await storage.atomically(record)
    } catch (error) {
      if (!isStorageError(error, 'STORAGE_CONFLICT')) throw error
    }
    return true
  }
}
