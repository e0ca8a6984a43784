import { type Proposal, proposalsOf } from './agents.ts'
import { daysTaken } from './day.ts'
import { type Desk, ENDS, setAmount } from './desk.ts'
import { closePosition, runFlow } from './flow.ts'
import type { Bar } from './market.ts'
import { closeRequest } from './review.ts'
import { suspendWhenDue } from './roster.ts'

/** Ends what is left when no worker is alive. @returns how many flows one of them left unfinished. */
export async function finish(desk: Desk, bars: readonly Bar[]): Promise<number> {
  await suspendWhenDue(desk, bars, await daysTaken(desk))
  const before = await statuses(desk)
  const unfinished = bars.flatMap(proposalsOf).filter(({ dfid }) => {
    const status = before.get(dfid)
    return status !== 'CLOSED' && !ENDS.includes(status ?? '')
  })
  for (const proposal of unfinished) await takeUp(desk, proposal)
  const after = await statuses(desk)
  for (const [dfid, status] of after) if (status === 'EXECUTED') await closePosition(desk, dfid)
  await tidyUp(desk, after)
  return unfinished.length
}

/** Has count and session agree with the log, which may be ahead of them by what its worker died before, then goes on. */
async function takeUp(desk: Desk, proposal: Proposal): Promise<void> {
  const { decisionAudit, intentRetry } = desk.storage
  const { dfid } = proposal
  const events = await decisionAudit.eventsForDfid(dfid)
  const rejections = events.filter(({ event }) => event === 'rejected').length
  if (rejections > 0) await intentRetry.setCount(dfid, rejections)
  const amount = events.findLast(({ details }) => details?.['amount'] !== undefined)?.details?.['amount']
  if (amount !== undefined) await setAmount(desk, dfid, amount as number)
  // offered once: a claim that is met here is then a dead process's, and never this one's own
  await runFlow(desk, { ...proposal, offers: 1 })
}

/** Now that every flow has ended: marks of what is compensated, and requests that nobody waits for any more. */
async function tidyUp(desk: Desk, after: ReadonlyMap<string, string>): Promise<void> {
  const { decisionAudit, escalation, saga } = desk.storage
  for (const dfid of await saga.getDirtyFlows())
    if (after.get(dfid) === 'COMPENSATED') await saga.clearDirty(dfid)
  for (const request of await escalation.getPendingRequests()) {
    const events = await decisionAudit.eventsForDfid(request.dfid)
    const reviewed = events.findLast(({ event }) => event === 'reviewed')?.details
    const { decision = 'WITHDRAWN', amount } = (reviewed ?? request.proposal) as Outcome
    await closeRequest(desk, request, decision, amount)
  }
}

interface Outcome {
  readonly decision?: string
  readonly amount: number
}

async function statuses({ storage }: Desk): Promise<Map<string, string>> {
  const transitions = await storage.lifecycle.getTransitions()
  return new Map(transitions.map(({ dfid, toStatus }) => [dfid, toStatus]))
}
