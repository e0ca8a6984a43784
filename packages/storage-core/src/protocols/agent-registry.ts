import { protocol } from './protocol.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import { members } from '../rules/fields.ts'
import { int32, id, jsonText, nullable, text } from '../rules/validate.ts'
import { parseStored } from '../rules/stored.ts'

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

export interface Agent {
  readonly agentId: string
  /** The parsed contract: integers beyond 2^53 are bigint, `67.0` is a `PyFloat`. */
  readonly contract: unknown
  readonly priority: number
  readonly status: string
  readonly agentVersion: string | null
  readonly sessionToken: string | null
}

export interface AgentStatus {
  readonly status: string
  readonly suspensionReason: string | null
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
}

/** An agent as stored. */
export interface AgentRow extends AgentInput, AgentStatus {}

/** What an adapter reads. */
export interface AgentRegistryReads {
  getAgent(agentId: string): AgentRow | null
  getStatus(agentId: string): AgentStatus | null
  listActiveAgents(): string[]
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
      const { contractJson, suspensionReason: _, ...rest } = row
      return { ...rest, contract: parseStored('agent_registry', 'contract', contractJson) }
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
  }),
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
})
