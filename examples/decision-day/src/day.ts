import { AGENTS, type Proposal, SUSPENDED, proposalsOf } from './agents.ts'
import { type Desk, ENDS, isConflict } from './desk.ts'
import { closePosition, runFlow } from './flow.ts'
import type { Bar } from './market.ts'

/** Registers the agents that are not in the store yet. */
export async function registerAgents({ storage }: Desk): Promise<void> {
  for (const { id, contract } of AGENTS) {
    if ((await storage.agentRegistry.getAgent(id)) !== null) continue
    const agent = { agentId: id, contractJson: JSON.stringify(contract), priority: 0, status: 'ACTIVE' }
    await storage.atomically((batch) => {
      batch.agentRegistry.upsertAgent({ ...agent, agentVersion: '1', sessionToken: null })
      batch.decisionAudit.record(id, 'agent_registered', { state: 'ACTIVE', details: { contract } })
    })
  }
}

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

/** Which day comes next stands in the store; taking it, its opening and a suspension due on it commit together. */
async function takeDay({ storage }: Desk, bars: readonly Bar[]): Promise<Bar | null> {
  const suspensionDay = Math.floor(bars.length / 2)
  for (;;) {
    const before = await storage.context.getSession('calendar')
    const next = nextDay(before)
    const bar = bars[next]
    if (bar === undefined) return null
    try {
      await storage.atomically((batch) => {
        batch.context.compareAndSetSession('calendar', before, JSON.stringify({ next: next + 1 }))
        batch.decisionAudit.record(bar.date, 'day_opened', { details: { close: bar.close } })
        if (next !== suspensionDay) return
        batch.agentRegistry.updateStatus(SUSPENDED, 'SUSPENDED', 'under review since the middle of the run')
        batch.decisionAudit.record(SUSPENDED, 'agent_suspended', { state: 'SUSPENDED' })
      })
      return bar
    } catch (error) {
      if (!isConflict(error)) throw error // another worker took that day
    }
  }
}

/** How many days were taken from this store, by this run or earlier ones. */
export async function daysTaken({ storage }: Desk): Promise<number> {
  return nextDay(await storage.context.getSession('calendar'))
}

function nextDay(calendar: string | null): number {
  return calendar === null ? 0 : (JSON.parse(calendar) as { next: number }).next
}

/** Ends what is left when no worker is alive: flows that one of them left unfinished, then the open positions. */
export async function finish(desk: Desk, bars: readonly Bar[]): Promise<number> {
  const before = await statuses(desk)
  const unfinished = bars.flatMap(proposalsOf).filter(({ dfid }) => {
    const status = before.get(dfid)
    return status !== 'CLOSED' && !ENDS.includes(status ?? '')
  })
  // offered once: a claim that is met here is then a dead process's, and never this one's own
  for (const proposal of unfinished) await runFlow(desk, { ...proposal, offers: 1 })
  for (const [dfid, status] of await statuses(desk))
    if (status === 'EXECUTED') await closePosition(desk, dfid)
  return unfinished.length
}

async function statuses({ storage }: Desk): Promise<Map<string, string>> {
  const transitions = await storage.lifecycle.getTransitions()
  return new Map(transitions.map(({ dfid, toStatus }) => [dfid, toStatus]))
}
