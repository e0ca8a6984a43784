import type { StoredAgent } from '@dir/storage-core'
import { given, listCommand } from '../list-command.ts'

/** Lists the agents; a session token is a secret, and is not shown. */
export const agents = listCommand<{ readonly status?: string }, Omit<StoredAgent, 'sessionToken'>>({
  usage: 'agents',
  summary: 'the agents, by their ids',
  options: [{ flags: '--status <status>', description: 'only those in this status' }],
  examples: ['agents --status ACTIVE'],
  async *items({ agentRegistry }, { status }) {
    for await (const { sessionToken: _, ...agent } of agentRegistry.listAgents(given({ status }))) yield agent
  },
  columns: [
    ['AGENT', ({ agentId }) => agentId],
    ['STATUS', ({ status }) => status],
    ['VERSION', ({ agentVersion }) => agentVersion],
    ['PRIORITY', ({ priority }) => priority],
    ['UPDATED', ({ updatedAt }) => updatedAt],
    ['SUSPENDED BECAUSE', ({ suspensionReason }) => suspensionReason],
  ],
})
