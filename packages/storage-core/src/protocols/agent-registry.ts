import type { Methods, Transfer } from '../adapter/call.ts'
import type { AgentExport } from './records.ts'
import { record } from '../rules/objects.ts'
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

/** What an adapter implements. */
export interface AgentRegistryOperations
  extends AgentRegistryReads, AgentRegistryWrites, Transfer<AgentExport> {}

const AGENT = ['agentId', 'contractJson', 'priority', 'status', 'agentVersion', 'sessionToken'] as const

export const agentRegistry: Methods<AgentRegistryStorage, AgentRegistryOperations> = (run) => ({
  upsertAgent(agent) {
    const given = record('agent', agent, AGENT)
    const agentId = id('agentId', given.agentId)
    return run.write('upsertAgent', [agentId], {
      agentId,
      contractJson: jsonText('contractJson', given.contractJson, run.maxValueBytes),
      priority: int32('priority', given.priority),
      status: text('status', given.status),
      agentVersion: nullable(text, 'agentVersion', given.agentVersion),
      sessionToken: nullable(text, 'sessionToken', given.sessionToken),
    })
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

  listActiveAgents: () => run.readWhole('listActiveAgents', []),
})
