import {
  type Operations,
  type SyncImplementation,
  compareIds,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import { PAGE } from './in-order.ts'
import type { MemoryState, StoredAgent } from './state.ts'
import { now } from './time.ts'

function put({ agents, agentIds }: MemoryState, agent: StoredAgent): void {
  if (!agents.has(agent.agentId)) agentIds.add(agent.agentId)
  agents.set(agent.agentId, agent)
}

export const agentRegistry: SyncImplementation<Operations['agentRegistry'], MemoryState> = {
  upsertAgent(state, agent) {
    const time = now()
    const { suspensionReason = null, registeredAt = time } = state.agents.get(agent.agentId) ?? {}
    put(state, { ...agent, suspensionReason, registeredAt, updatedAt: time })
  },

  getAgent({ agents }, agentId) {
    const agent = agents.get(agentId)
    if (agent === undefined) return null
    const { registeredAt: _, updatedAt: __, ...row } = agent
    return row
  },

  updateStatus: conditionalWrite(
    ({ agents }: MemoryState, agentId: string, _status: string, _suspensionReason: string | null) =>
      agents.has(agentId),
    ({ agents }, agentId, status, suspensionReason) => {
      const agent = agents.get(agentId) as StoredAgent
      agents.set(agentId, { ...agent, status, suspensionReason, updatedAt: now() })
      return true
    },
  ),

  getStatus({ agents }, agentId) {
    const agent = agents.get(agentId)
    return agent === undefined ? null : { status: agent.status, suspensionReason: agent.suspensionReason }
  },

  listActiveAgents({ agents }) {
    const active = agents.values().filter((agent) => agent.status === 'ACTIVE')
    return active
      .map((agent) => agent.agentId)
      .toArray()
      .sort(compareIds)
  },

  agentsPage({ agents, agentIds }, status, cursor) {
    const ids = agentIds.after(cursor, PAGE)
    const page = ids.map((id) => agents.get(id) as StoredAgent)
    return {
      items: page
        .filter((agent) => status === null || agent.status === status)
        .map((agent) => ({ ...agent })),
      next: ids.at(-1) ?? null,
    }
  },

  exportPage: ({ agents }) => onePage(agents.values().map((agent) => ({ type: 'agent' as const, ...agent }))),

  importPage(state, items) {
    for (const { type: _, ...agent } of items) put(state, agent)
  },
}
