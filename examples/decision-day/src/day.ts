import { type Proposal, proposalsOf } from './agents.ts'
import { type Desk, ifFirst } from './desk.ts'
import { closePosition, runFlow } from './flow.ts'
import type { Bar } from './market.ts'
import { suspendWhenDue } from './roster.ts'

/** How many days were taken is the status of this one, which belongs to no flow. */
const CALENDAR = 'calendar'

/** Works through the days, as one of any number of workers: takes the next day that nobody has, until none is left. */
export async function runDays(desk: Desk, bars: readonly Bar[], onDay: () => void): Promise<void> {
  let positions: Proposal[] = []
  for (;;) {
    const bar = await takeDay(desk, bars)
    if (bar === null) return
    const isDue = (one: Proposal): boolean => one.bar.index + one.agent.holdDays <= bar.index
    for (const { dfid } of positions.filter(isDue)) await closePosition(desk, dfid)
    positions = positions.filter((one) => !isDue(one))
    for (const proposal of proposalsOf(bar)) {
      await runFlow(desk, proposal)
      if ((await desk.storage.lifecycle.getCurrentStatus(proposal.dfid)) === 'EXECUTED')
        positions.push(proposal)
    }
    onDay()
  }
}

/** Which day comes next stands in the store; taking it and its opening commit together. */
async function takeDay(desk: Desk, bars: readonly Bar[]): Promise<Bar | null> {
  for (;;) {
    const taken = await daysTaken(desk)
    const bar = bars[taken]
    if (bar === undefined) return null
    const isOurs = await ifFirst(desk, (batch) => {
      batch.lifecycle.transition(CALENDAR, taken === 0 ? null : String(taken), String(taken + 1))
      batch.decisionAudit.record(bar.date, 'day_opened', { details: { close: bar.close } })
    })
    if (!isOurs) continue
    await suspendWhenDue(desk, bars, taken + 1)
    return bar
  }
}

/** How many days were taken from this store, by this run or earlier ones. */
export async function daysTaken({ storage }: Desk): Promise<number> {
  return Number((await storage.lifecycle.getCurrentStatus(CALENDAR)) ?? 0)
}
