import { isStorageError } from '@dir/storage-core'
import type { Database } from './database.ts'
import { move } from './move.ts'
import type { Payments } from './payments.ts'
import { payOut } from './payout.ts'
import { AGENT, CONTRACT, type Refund } from './refund.ts'

/** Far longer than a payout takes: a hold that nobody comes back to ends by itself. */
const HOLD_SEC = 600

/** A large refund goes before a human, if the agent's hourly budget allows. */
export async function check(database: Database, refund: Refund): Promise<void> {
  const { id, pence, reason } = refund
  if (pence <= CONTRACT.approvesUpTo) return move(database, refund, {}, async () => 'APPROVED')
  if (pence > CONTRACT.asksUpTo)
    return move(database, refund, { reason: 'more than may be asked for' }, async () => 'REFUSED')
  const [contextJson, proposalJson] = [JSON.stringify({ reason }), JSON.stringify({ pence })]
  const request = { dfid: id, agentId: AGENT, contextJson, proposalJson }
  await move(database, refund, { reason: 'large' }, async ({ escalation }) => {
    const asked = { ...request, reason: 'large', impact: `${pence} pence` }
    const { granted } = await escalation.requestWithinBudget(asked, CONTRACT.escalations)
    return granted ? 'ESCALATED' : 'REFUSED'
  })
}

/** @returns whether there is cash, or never will be: otherwise the refund waits until somebody else's is paid. */
export async function reserve(database: Database, refund: Refund): Promise<boolean> {
  const { id, pence } = refund
  const limits = { capacities: { cash: CONTRACT.cash }, leaseSec: HOLD_SEC }
  try {
    await move(database, refund, { pence }, async ({ resourceLock }) => {
      const grant = await resourceLock.acquire(id, { cash: pence }, 1, limits)
      return grant === null ? null : 'RESERVED'
    })
  } catch (error) {
    if (!isStorageError(error, 'STORAGE_INSUFFICIENT_CAPACITY')) throw error
    if (pence <= error.capacity) return false
    await move(database, refund, { reason: 'more than there ever is' }, async () => 'REFUSED')
  }
  return true
}

export async function pay(database: Database, payments: Payments, refund: Refund): Promise<void> {
  const isHeld = await database.storage.resourceLock.renew(refund.id, HOLD_SEC)
  if (!isHeld) return move(database, refund, { reason: 'the hold has ended' }, async () => 'APPROVED')
  const outcome = await payOut(database, payments, refund)
  await move(database, refund, outcome, async ({ resourceLock }) => {
    await resourceLock.release(refund.id)
    return outcome.status
  })
}
