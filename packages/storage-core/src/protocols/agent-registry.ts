import { fromPages } from './pages.ts'
import { type Page, protocol } from './protocol.ts'
import type { StoredDataError } from '../errors/index.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import { checkedOptions, members } from '../rules/fields.ts'
import { int32, id, jsonText, nullable, text } from '../rules/validate.ts'
import { type Numbers, parseListed, parseStored } from '../rules/stored.ts'

/** What `upsertAgent` writes. */
export interface AgentInput {
  readonly agentId: string
  /** JSON text; stored and exported byte for byte. */
  readonly contractJson: string
  readonly priority: number
  /** `ACTIVE` agents are listed; other words are the caller's own. */
  readonly status: string
  readonly agentVersion: string | null
  readonly sessionToken: string | null
}

export interface Agent extends AgentInput {
  /** The parsed `contractJson`. */
  readonly contract: unknown
}

export interface AgentStatus {
  readonly status: string
  readonly suspensionReason: string | null
}

/** An agent with all that is stored of it. */
export interface StoredAgent extends Omit<Agent, 'contractJson'>, AgentStatus {
  /** As it is stored, also where it cannot be parsed; null where it is no text. */
  readonly contractJson: string | null
  readonly registeredAt: Instant | null
  readonly updatedAt: Instant | null
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
}

export interface AgentFilter {
  /** Exactly this one. */
  readonly status?: string
}

/** Who the agents are. Source: `AgentRegistryStorage` in `dir_core.storage.base`. */
export interface AgentRegistryStorage {
  /** The same call as the handle's `init`. */
  initSchema(): Promise<void>
  /** Writes the agent, whether it exists or not. An existing one keeps its suspension reason and registration time. */
  upsertAgent(agent: AgentInput): Promise<void>
  /** The agent, or null. @throws StoredDataError if a stored field cannot be read. */
  getAgent(agentId: string): Promise<Agent | null>
  /** Replaces status and suspension reason (null clears it). @returns whether the agent exists, equal values included; in a batch, a condition. */
  updateStatus(agentId: string, status: string, suspensionReason: string | null): Promise<boolean>
  /** Status and suspension reason, or null for an unknown agent. */
  getStatus(agentId: string): Promise<AgentStatus | null>
  /** The ids of the agents whose status is exactly `ACTIVE`, sorted by their UTF-8 bytes. */
  listActiveAgents(): Promise<string[]>
  /**
   * Goes through the agents of any status, sorted by the UTF-8 bytes of their ids, page by page, up to what is there when it
   * gets there; each is as it was when its page was read. One of which something cannot be read is there with its `error`.
   * A page costs a look at some 500 agents at most, however many there are and however few have the status.
   */
  listAgents(filter?: AgentFilter): AsyncIterable<StoredAgent>
}

/** An agent as stored. */
export interface AgentRow extends AgentInput, AgentStatus {}

/** An agent in a list. What an adapter cannot read of one is null, against the type, beside the `error`. */
export type ListedAgentRow = Omit<StoredAgent, 'contract'>

/** What an adapter reads. */
export interface AgentRegistryReads {
  getAgent(agentId: string): AgentRow | null
  getStatus(agentId: string): AgentStatus | null
  listActiveAgents(): string[]
  /**
   * Those of the status (null: of any) of some 500 agents after `cursor` (null: from the start), by id. Looks at no more of
   * them at once, so that a page may be empty and not the last.
   */
  agentsPage(status: string | null, cursor: string | null): Page<ListedAgentRow>
}

/** What an adapter judges and writes. */
export interface AgentRegistryWrites {
  upsertAgent(agent: AgentInput): void
  updateStatus(agentId: string, status: string, suspensionReason: string | null): boolean
}

export interface AgentExport extends Exported, AgentRow {
  readonly type: 'agent'
  readonly registeredAt: Instant
  readonly updatedAt: Instant
}

const AGENT = {
  agentId: id,
  contractJson: jsonText,
  priority: int32,
  status: text,
  agentVersion: [text],
  sessionToken: [text],
} as const

export const agentRegistry = protocol<
  AgentRegistryStorage,
  AgentRegistryReads,
  AgentRegistryWrites,
  AgentExport
>()({
  methods: (run) => ({
    upsertAgent(agent) {
      const checked = members('agent', agent, AGENT, run.maxValueBytes)
      return run.write('upsertAgent', [checked.agentId], checked)
    },

    async getAgent(agentId) {
      const row = await run.read('getAgent', [id('agentId', agentId)], agentId)
      if (row === null) return null
      const { suspensionReason: _, ...agent } = row
      const contract = parseStored('agent_registry', 'contract', agent.contractJson, run.numbers)
      return { ...agent, contract }
    },

    updateStatus: (agentId, status, suspensionReason) =>
      run.write(
        'updateStatus',
        [id('agentId', agentId)],
        agentId,
        text('status', status),
        nullable(text, 'suspensionReason', suspensionReason),
      ),

    getStatus: (agentId) => run.read('getStatus', [id('agentId', agentId)], agentId),

    listActiveAgents: () => run.readAll('listActiveAgents', []),

    async *listAgents(given) {
      const { status } = checkedOptions(given, { status: text })
      const ask = (cursor: string | null) => run.readAll('agentsPage', [], status, cursor)
      for await (const row of fromPages(ask)) yield toListed(row, run.numbers)
    },
  }),
  iterables: ['listAgents'],
  batch: ['upsertAgent', 'updateStatus'],
  hasInitSchema: true,
  records: {
    agent: {
      ...AGENT,
      suspensionReason: [text],
      registeredAt: canonicalTime,
      updatedAt: canonicalTime,
    },
  },
  sortedBy: { agent: ['agentId'] },
})

function toListed({ error, ...row }: ListedAgentRow, numbers: Numbers): StoredAgent {
  const contract = parseListed('agent_registry', 'contract', row.contractJson, numbers)
  const trouble = error ?? contract.error
  const agent = { ...row, contract: contract.value }
  return trouble === undefined ? agent : { ...agent, error: trouble }
}
