import { AGENTS, SUSPENDED } from './agents.ts'
import { type Desk, ifFirst } from './desk.ts'
import type { Bar } from './market.ts'

/**
 * Registers the agents that are not registered yet. The registry first, which may be repeated; an agent's first
 * transition and its event commit together, once.
 */
export async function registerAgents(desk: Desk): Promise<void> {
  const { agentRegistry, lifecycle } = desk.storage
  for (const { id, contract } of AGENTS) {
    if ((await lifecycle.getCurrentStatus(id)) !== null) continue
    const agent = { agentId: id, contractJson: JSON.stringify(contract), priority: 0, status: 'ACTIVE' }
    await agentRegistry.upsertAgent({ ...agent, agentVersion: '1', sessionToken: null })
    await ifFirst(desk, (batch) => {
      batch.lifecycle.transition(id, null, 'ACTIVE')
      batch.decisionAudit.record(id, 'agent_registered', { state: 'ACTIVE', details: { contract } })
    })
  }
}

/**
 * Suspends one of the agents once half of the days are taken, unless somebody has. Until the event is there, every
 * worker who takes a day sees to it: the one whose task it was may be dead.
 */
export async function suspendWhenDue(desk: Desk, bars: readonly Bar[], daysTaken: number): Promise<void> {
  const { agentRegistry, lifecycle } = desk.storage
  if (daysTaken <= Math.floor(bars.length / 2)) return
  if ((await lifecycle.getCurrentStatus(SUSPENDED)) !== 'ACTIVE') return
  await agentRegistry.updateStatus(SUSPENDED, 'SUSPENDED', 'under review since the middle of the run')
  await ifFirst(desk, (batch) => {
    batch.lifecycle.transition(SUSPENDED, 'ACTIVE', 'SUSPENDED')
    batch.decisionAudit.record(SUSPENDED, 'agent_suspended', { state: 'SUSPENDED' })
  })
}
