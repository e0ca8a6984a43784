import {
  type Operations,
  type SyncImplementation,
  compareIds,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { MemoryState, StoredAgent } from './state.ts'
import { now } from './time.ts'

export const agentRegistry: SyncImplementation<Operations['agentRegistry'], MemoryState> = {
  upsertAgent({ agents }, agent) {
    const time = now()
    const existing = agents.get(agent.agentId)
    const suspensionReason = existing?.suspensionReason ?? null
    agents.set(agent.agentId, {
      ...agent,
      suspensionReason,
      registeredAt: existing?.registeredAt ?? time,
      updatedAt: time,
    })
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

  exportPage: ({ agents }) => onePage(agents.values().map((agent) => ({ type: 'agent' as const, ...agent }))),

  importPage({ agents }, items) {
    for (const { type: _, ...agent } of items) agents.set(agent.agentId, agent)
  },
}
