import type { JoinedStorage } from '@dir/storage-core'
import type { Database } from './database.ts'
import type { Refund, Request, Status } from './refund.ts'

/** What a refund becomes, with what that needs of the store; null where it cannot be. */
export type Step = (storage: JoinedStorage) => Promise<Status | null>

export interface Details {
  readonly pence?: number
  readonly reason?: string
  readonly resolvedBy?: string
  readonly paymentId?: string
}

/** The first request of an id makes its row, and the flow of that name; later ones change nothing. */
export async function open(database: Database, { id, reason }: Request, pence: number): Promise<void> {
  await database.transaction(async ({ query, storage }) => {
    if (!(await storage.lifecycle.transition(id, null, 'ASKED'))) return false
    const seq = await storage.decisionAudit.record(id, 'ASKED', {
      state: 'ASKED',
      details: { pence, reason },
    })
    const row = 'INSERT INTO refunds (id, pence, reason, status, seq) VALUES ($1, $2, $3, $4, $5)'
    await query(row, id, pence, reason, 'ASKED', seq)
    return true
  })
}

/**
 * Moves a refund on: what the step writes, the transition, the event and the row are committed together. Where others
 * have moved it meanwhile, all of that is rolled back, and what they did counts.
 */
export async function move(database: Database, refund: Refund, details: Details, step: Step): Promise<void> {
  const { id, status } = refund
  await database.transaction(async ({ query, storage }) => {
    const to = await step(storage)
    if (to === null || !(await storage.lifecycle.transition(id, status, to))) return false
    // the event last: until the commit, everybody's events wait for it
    const seq = await storage.decisionAudit.record(id, to, { state: to, details: { ...details } })
    const change = 'UPDATE refunds SET status = $2, seq = $3, payment_id = $4 WHERE id = $1'
    await query(change, id, to, seq, details.paymentId ?? null)
    return true
  })
}
