import type { AgentFilter, StorageHandle, StoredAgent } from '@dir/storage-core'
import { anAgent } from '../scenarios/samples.ts'
import { type List, asking, isFilter, listing, sorted } from './listing.ts'
import type { Mutant } from './mutant.ts'

type Agents = List<StoredAgent, AgentFilter>

const agents = (change: (list: Agents) => Agents) => listing('agentRegistry', 'listAgents', change)

const idsOf = async ({ agentRegistry }: StorageHandle, filter?: AgentFilter): Promise<string> =>
  (await Array.fromAsync(agentRegistry.listAgents(filter))).map(({ agentId }) => agentId).join(' ')

/** Each as it is, but for some members. */
const showing = (change: (agent: StoredAgent) => Partial<StoredAgent>) =>
  agents(
    (list) =>
      async function* (filter) {
        for await (const agent of list(filter)) yield { ...agent, ...change(agent) }
      },
  )

export const agentListMutants: readonly Mutant[] = [
  {
    id: 'agents-listed-by-code-units',
    breaks: 'listAgents sorts by UTF-16 units, not by code points',
    from: "JavaScript's sort in one adapter, the database's in another",
    killedBy: 'agent-registry/agents-are-listed',
    wrap: agents(sorted((one, other) => (one.agentId < other.agentId ? -1 : 1))),
    async witness(storage) {
      for (const id of ['\uffff', '\u{10000}']) await storage.agentRegistry.upsertAgent(anAgent(id))
      return (await idsOf(storage)).startsWith('\u{10000}')
    },
  },
  {
    id: 'agents-of-any-case',
    breaks: 'listAgents takes a status for another that differs in case',
    from: 'a collation that ignores case',
    killedBy: 'agent-registry/agents-are-listed',
    wrap: agents(
      (list) =>
        async function* (filter) {
          if (!isFilter(filter) || filter.status === undefined) return yield* list(filter)
          await list(filter)[Symbol.asyncIterator]().next() // refuses what is malformed
          const wanted = filter.status.toLowerCase()
          for await (const agent of list()) if (agent.status.toLowerCase() === wanted) yield agent
        },
    ),
    async witness(storage) {
      await storage.agentRegistry.upsertAgent(anAgent('w', { status: 'active' }))
      return (await idsOf(storage, { status: 'ACTIVE' })) === 'w'
    },
  },
  {
    id: 'agents-of-every-status',
    breaks: 'listAgents gives the active agents where no status is asked for',
    from: 'a default that was meant well',
    killedBy: 'agent-registry/agents-are-listed',
    wrap: agents(asking((filter) => ({ status: 'ACTIVE', ...filter }))),
    async witness(storage) {
      await storage.agentRegistry.upsertAgent(anAgent('w', { status: 'X' }))
      return (await idsOf(storage, {})) === ''
    },
  },
  {
    id: 'agents-listed-without-reasons',
    breaks: 'listAgents leaves the suspension reason out',
    from: 'the columns of getAgent',
    killedBy: 'agent-registry/listed-agents-are-whole',
    wrap: showing(() => ({ suspensionReason: null })),
    async witness({ agentRegistry }) {
      await agentRegistry.upsertAgent(anAgent('w'))
      await agentRegistry.updateStatus('w', 'X', 'why')
      const [agent] = await Array.fromAsync(agentRegistry.listAgents())
      return agent?.suspensionReason === null
    },
  },
  {
    id: 'agents-listed-as-registered-last',
    breaks: 'listAgents tells the time of the last change as that of the registration',
    from: 'one column for both times',
    killedBy: 'agent-registry/listed-agents-are-whole',
    wrap: showing(({ updatedAt }) => ({ registeredAt: updatedAt })),
    async witness({ agentRegistry }) {
      await agentRegistry.upsertAgent(anAgent('w'))
      await new Promise((resolve) => setTimeout(resolve, 5))
      await agentRegistry.upsertAgent(anAgent('w'))
      const [agent] = await Array.fromAsync(agentRegistry.listAgents())
      return agent?.registeredAt === agent?.updatedAt
    },
  },
]
