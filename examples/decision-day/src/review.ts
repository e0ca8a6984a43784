import type { PendingRequest } from '@dir/storage-core'
import type { Proposal } from './agents.ts'
import { type Desk, move, setAmount } from './desk.ts'

/** The reviewer, following a script: reads the request, and decides it once by moving the flow; the rest follows. */
export async function review(desk: Desk, { dfid }: Proposal): Promise<void> {
  const pending = await desk.storage.escalation.getPendingRequests()
  const request = pending.find((one) => one.dfid === dfid)
  if (request === undefined) throw new Error(`The request of ${dfid} is not before the reviewer.`)
  const { changePct } = request.context as { changePct: number }
  const { amount } = request.proposal as { amount: number }

  const approved = changePct > -3
  const granted = changePct > 2 ? Math.round(amount * 0.75) : amount
  const decision = approved ? 'APPROVED' : 'DENIED'
  await move(desk, dfid, {
    step: 'review',
    from: 'ESCALATED',
    to: approved ? 'APPROVED' : 'REFUSED',
    event: 'reviewed',
    details: { decision, amount: granted },
  })
  await setAmount(desk, dfid, granted)
  await closeRequest(desk, request, decision, granted)
}

/** Notes on a request that is still pending what has become of it. */
export async function closeRequest(
  { storage }: Desk,
  { dfid, createdAt }: PendingRequest,
  decision: string,
  amount: number,
): Promise<void> {
  const same = createdAt === null ? {} : { createdAt }
  await storage.escalation.resolveRequest(
    dfid,
    new Date().toISOString(),
    decision,
    JSON.stringify({ amount }),
    same,
  )
}
