import type { AgentRegistryOperations, AgentStatus, Implementation } from '@dir/storage-core'
import { allPages, exportTables } from './pages.ts'
import { TABLES } from './lua.ts'
import type { ScriptPart } from './script.ts'
import { type RedisSession, type Reply, as } from './session.ts'
import { fromStamp, toStamp } from './time.ts'

// A record: contract, priority, status, version, session token, suspension reason, registered at, updated at.
export const agentRegistryScript: ScriptPart = {
  keys: { agents: 'hash', agents_by_id: 'zset', active_agents: 'zset' },
  shared: [TABLES],
  read: [
    /* lua */ String.raw`
-- agent id; answers the record or null
function op.agent_get(id) return get('agents', id) end

-- after an id; answers ids, and after which to go on, or false at the end
function op.agent_list_active(after)
  return { members('active_agents', after) }
end
`,
  ],
  write: [
    /* lua */ String.raw`
local function put_agent(id, record)
  put('agents', id, record)
  if record[3] == 'ACTIVE' then write('ZADD', key.active_agents, 0, id)
  else write('ZREM', key.active_agents, id) end
end

-- agent id, contract, priority, status, version, session token
function op.agent_upsert(id, contract, priority, status, version, token)
  local existing = get('agents', id) or {}
  put_agent(id, { contract, priority, status, version, token, existing[6] or false, existing[7] or now, now })
end

-- agent id, status, reason; refused where there is no such agent
function refusal.agent_update_status(id)
  return not get('agents', id) and {}
end
function op.agent_update_status(id, status, reason)
  local record = get('agents', id)
  record[3], record[6], record[8] = status, reason, now
  put_agent(id, record)
end

-- agent id, the record's fields
function op.agent_import(id, ...) put_agent(id, { ... }) end
`,
  ],
}

interface Stored extends AgentStatus {
  readonly contractJson: string
  readonly priority: number
  readonly agentVersion: string | null
  readonly sessionToken: string | null
  readonly registeredAt: string
  readonly updatedAt: string
}

function toAgent(record: Reply): Stored {
  const [contractJson, priority, status, version, token, reason, registered, updated] =
    as<[string, number, string, string | null, string | null, string | null, string, string]>(record)
  return {
    contractJson,
    priority,
    status,
    agentVersion: version,
    sessionToken: token,
    suspensionReason: reason,
    registeredAt: fromStamp(registered),
    updatedAt: fromStamp(updated),
  }
}

async function find(redis: RedisSession, agentId: string): Promise<Stored | null> {
  const record = await redis.read('agentRegistry', 'agent_get', agentId)
  return record === null ? null : toAgent(record)
}

export const agentRegistry: Implementation<AgentRegistryOperations, RedisSession> = {
  async upsertAgent(redis, { agentId, contractJson, priority, status, agentVersion, sessionToken }) {
    await redis.write('agent_upsert', agentId, contractJson, priority, status, agentVersion, sessionToken)
  },

  async getAgent(redis, agentId) {
    const agent = await find(redis, agentId)
    if (agent === null) return null
    const { registeredAt: _, updatedAt: __, ...row } = agent
    return { agentId, ...row }
  },

  async getStatus(redis, agentId) {
    const agent = await find(redis, agentId)
    return agent === null ? null : { status: agent.status, suspensionReason: agent.suspensionReason }
  },

  updateStatus: (redis, agentId, status, suspensionReason) =>
    redis.attempt('agent_update_status', agentId, status, suspensionReason),

  listActiveAgents: (redis) => allPages<string>(redis, 'agentRegistry', '', 'agent_list_active'),

  exportPage: (redis, cursor) =>
    exportTables(redis, 'agentRegistry', ['agents'], cursor, (_, agentId, record) => ({
      type: 'agent',
      agentId,
      ...toAgent(record),
    })),

  async importPage(redis, items) {
    await Promise.all(
      items.map((agent) =>
        redis.write(
          'agent_import',
          agent.agentId,
          agent.contractJson,
          agent.priority,
          agent.status,
          agent.agentVersion,
          agent.sessionToken,
          agent.suspensionReason,
          toStamp(agent.registeredAt),
          toStamp(agent.updatedAt),
        ),
      ),
    )
  },
}
