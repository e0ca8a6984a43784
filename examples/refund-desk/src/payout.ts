import { idempotencyKey, isStorageError, runOnce } from '@dir/storage-core'
import type { Database } from './database.ts'
import type { Payments } from './payments.ts'
import { CONTRACT, type Refund } from './refund.ts'

/** How a payout ended, once and for all. */
export type Outcome =
  | { readonly status: 'PAID'; readonly paymentId: string }
  | { readonly status: 'REFUSED'; readonly reason: string }

interface Payout {
  readonly database: Database
  readonly payments: Payments
  readonly refund: Refund
  readonly key: string
}

/** How soon others notice that a process died; a payout may take longer, because its claim is renewed meanwhile. */
const leaseSec = 5
const waitSec = 3 * leaseSec

/** Pays a refund once. Everybody who asks, at the same time, later or after a crash, gets the one outcome. */
export async function payOut(database: Database, payments: Payments, refund: Refund): Promise<Outcome> {
  const key = idempotencyKey(refund.id, 'pay', { pence: refund.pence })
  const payout = { database, payments, refund, key }
  const { idempotency } = database.storage
  for (;;)
    try {
      return await runOnce(idempotency, key, { leaseSec, waitSec }, (signal) => pay(payout, signal))
    } catch (error) {
      if (!isStorageError(error, 'STORAGE_AMBIGUOUS')) throw error
      await settle(payout, error.token)
    }
}

/**
 * Asks the service until it pays, or has declined too often. What is thrown here gives the claim back, though the service
 * may have paid: whoever is next asks it under the same key, and is told of that payment.
 */
async function pay({ database, payments, refund, key }: Payout, signal: AbortSignal): Promise<Outcome> {
  const { id, pence } = refund
  let declined = await database.storage.intentRetry.getCount(id)
  while (declined < CONTRACT.mostDeclined) {
    const answer = await payments.pay(key, { reference: id, pence }, signal)
    if ('paymentId' in answer) return { status: 'PAID', paymentId: answer.paymentId }
    await database.transaction(async ({ query, storage }) => {
      declined = await storage.intentRetry.increment(id)
      await query('UPDATE refunds SET declined = $2 WHERE id = $1', id, declined)
      await storage.decisionAudit.record(id, 'DECLINED', { details: { reason: answer.declined, declined } })
      return true
    })
  }
  return { status: 'REFUSED', reason: `declined ${declined} times` }
}

/** Ends the claim of a process that died in the middle, or lost it, by what the service says; the first to do so counts. */
async function settle({ database, payments, refund, key }: Payout, token: string): Promise<void> {
  const payment = await payments.find(key)
  await database.transaction(async ({ storage: { idempotency, decisionAudit } }) => {
    const isFirst =
      payment === null
        ? await idempotency.abandon(key, token)
        : await idempotency.complete(key, token, { status: 'PAID', paymentId: payment.paymentId })
    if (isFirst) await decisionAudit.record(refund.id, 'SETTLED', { details: { wasPaid: payment !== null } })
    return isFirst
  })
}
