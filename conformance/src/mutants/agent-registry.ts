import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

const AGENT = {
  agentId: 'w',
  contractJson: '{}',
  priority: 1,
  status: 'ACTIVE',
  agentVersion: null,
  sessionToken: null,
}

export const agentRegistryMutants: readonly Mutant[] = [
  {
    id: 'upsert-drops-the-suspension-reason',
    breaks: 'writing an agent again loses its suspension reason',
    from: 'INSERT OR REPLACE, in the original and in langgraphjs',
    killedBy: 'agent-registry/upsert-keeps-the-suspension-reason',
    wrap: over(({ agentRegistry }) => ({
      agentRegistry: {
        async upsertAgent(agent) {
          await agentRegistry.upsertAgent(agent)
          await agentRegistry.updateStatus(agent.agentId, agent.status, null)
        },
      },
    })),
    async witness({ agentRegistry }) {
      await agentRegistry.upsertAgent(AGENT)
      await agentRegistry.updateStatus('w', 'SUSPENDED', 'why')
      await agentRegistry.upsertAgent(AGENT)
      return (await agentRegistry.getStatus('w'))?.suspensionReason === null
    },
  },
  {
    id: 'unchanged-status-counts-as-missing',
    breaks: 'updating an agent to the status it has says that there is no such agent',
    from: 'MySQL counts changed rows, MongoDB modifiedCount',
    killedBy: 'agent-registry/update-status-tells-whether-the-agent-exists',
    wrap: over(({ agentRegistry }) => ({
      agentRegistry: {
        async updateStatus(agentId, status, suspensionReason) {
          const before = await agentRegistry.getStatus(agentId).catch(() => null)
          const updated = await agentRegistry.updateStatus(agentId, status, suspensionReason)
          return updated && (before?.status !== status || before.suspensionReason !== suspensionReason)
        },
      },
    })),
    async witness({ agentRegistry }) {
      await agentRegistry.upsertAgent(AGENT)
      return !(await agentRegistry.updateStatus('w', 'ACTIVE', null))
    },
  },
  {
    id: 'agents-sorted-by-code-units',
    breaks: 'active agents are sorted by UTF-16 units, not by code points',
    from: "JavaScript's sort in one adapter, the database's in another",
    killedBy: 'agent-registry/active-agents-are-listed-in-id-order',
    wrap: over(({ agentRegistry }) => ({
      agentRegistry: { listActiveAgents: async () => (await agentRegistry.listActiveAgents()).sort() },
    })),
    async witness({ agentRegistry }) {
      for (const agentId of ['\uffff', '\u{10000}']) await agentRegistry.upsertAgent({ ...AGENT, agentId })
      return (await agentRegistry.listActiveAgents())[0] === '\u{10000}'
    },
  },
  {
    id: 'agent-with-a-member-too-many',
    breaks: 'an agent comes with a column that is none of the caller’s business',
    from: 'SELECT *',
    killedBy: 'agent-registry/agent-is-found-by-its-exact-id',
    wrap: over(({ agentRegistry }) => ({
      agentRegistry: {
        async getAgent(agentId) {
          const agent = await agentRegistry.getAgent(agentId)
          return agent === null ? null : { ...agent, updatedAt: '2026-03-01T09:30:00.000000Z' }
        },
      },
    })),
    async witness({ agentRegistry }) {
      await agentRegistry.upsertAgent(AGENT)
      return 'updatedAt' in ((await agentRegistry.getAgent('w')) ?? {})
    },
  },
  {
    id: 'empty-version-is-none',
    breaks: 'an empty agent version is read as none',
    from: 'Oracle, and every `value || null`',
    killedBy: 'agent-registry/null-is-not-empty-text',
    wrap: over(({ agentRegistry }) => ({
      agentRegistry: {
        async getAgent(agentId) {
          const agent = await agentRegistry.getAgent(agentId)
          return agent === null ? null : { ...agent, agentVersion: agent.agentVersion || null }
        },
      },
    })),
    async witness({ agentRegistry }) {
      await agentRegistry.upsertAgent({ ...AGENT, agentVersion: '' })
      return (await agentRegistry.getAgent('w'))?.agentVersion === null
    },
  },
  {
    id: 'negative-priority-is-zero',
    breaks: 'a negative priority is read as 0',
    from: 'unsigned columns',
    killedBy: 'agent-registry/priority-is-any-int32',
    wrap: over(({ agentRegistry }) => ({
      agentRegistry: {
        async getAgent(agentId) {
          const agent = await agentRegistry.getAgent(agentId)
          return agent === null ? null : { ...agent, priority: Math.max(0, agent.priority) }
        },
      },
    })),
    async witness({ agentRegistry }) {
      await agentRegistry.upsertAgent({ ...AGENT, priority: -1 })
      return (await agentRegistry.getAgent('w'))?.priority === 0
    },
  },
  {
    id: 'registered-at-its-last-change',
    breaks: 'writing an agent again moves its registration time',
    from: 'INSERT OR REPLACE with a default of CURRENT_TIMESTAMP',
    killedBy: 'agent-registry/upsert-keeps-the-registration-time',
    wrap: over((sound) => ({
      async *exportRecords() {
        for await (const record of sound.exportRecords())
          yield record.type === 'agent' ? { ...record, registeredAt: record.updatedAt } : record
      },
    })),
    async witness(storage) {
      const registeredAt = async (): Promise<string | undefined> => {
        const records = await Array.fromAsync(storage.exportRecords())
        return records.find((record) => record.type === 'agent')?.registeredAt
      }
      await storage.agentRegistry.upsertAgent(AGENT)
      const before = await registeredAt()
      await new Promise((resolve) => setTimeout(resolve, 5))
      await storage.agentRegistry.upsertAgent(AGENT)
      return before !== (await registeredAt())
    },
  },
]
