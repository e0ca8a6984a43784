import type { AgentStatus } from '@dir/storage-core'
import { exportTables } from './export-page.ts'
import { TABLES } from './lua.ts'
import { allPages } from './pages.ts'
import { type RedisProtocol, type RedisReader, type Reply, as, condition, same, write } from './protocol.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

// A record: contract, priority, status, version, session token, suspension reason, registered at, updated at.
const script: ScriptPart = {
  keys: { agents: 'hash', agents_by_id: 'zset', active_agents: 'zset' },
  shared: [TABLES],
  read: [
    /* lua */ String.raw`
-- agent id; answers the record or null
function op.agent(id) return get('agents', id) end

-- after an id; answers ids, and after which to go on, or false at the end
function op.active_agents(after)
  return { members('active_agents', after) }
end

-- status (null: any), after an id; answers those of the next agents that have it, and after which id to go on, or false at
-- the end
function op.agents_page(status, after)
  local ids, next = members(status == 'ACTIVE' and 'active_agents' or 'agents_by_id', after)
  return fill('agents', ids, ids, next, status and function(record) return record[3] == status end)
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
function op.agentRegistry.upsertAgent(id, contract, priority, status, version, token)
  local existing = get('agents', id) or {}
  put_agent(id, { contract, priority, status, version, token, existing[6] or false, existing[7] or now, now })
end

-- agent id, status, reason; refused where there is no such agent
function refusal.agentRegistry.updateStatus(id)
  return not get('agents', id) and {}
end
function op.agentRegistry.updateStatus(id, status, reason)
  local record = get('agents', id)
  record[3], record[6], record[8] = status, reason, now
  put_agent(id, record)
end

-- for each agent: its id, the record's fields
function op.agentRegistry.importPage(items)
  for _, agent in ipairs(items) do put_agent(agent[1], { unpack(agent, 2) }) end
end
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

async function find(redis: RedisReader, agentId: string): Promise<Stored | null> {
  const record = await redis.read('agent', agentId)
  return record === null ? null : toAgent(record)
}

export const agentRegistry: RedisProtocol<'agentRegistry'> = {
  script,
  reads: {
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

    listActiveAgents: (redis) => allPages<string>(redis, '', 'active_agents'),

    async agentsPage(redis, status, cursor) {
      const reply = await redis.read('agents_page', status, cursor ?? '')
      const [rows, next] = as<[readonly [string, Reply][], string | null]>(reply)
      return { items: rows.map(([agentId, record]) => ({ agentId, ...toAgent(record) })), next }
    },

    exportPage: (redis, cursor) =>
      exportTables(redis, ['agents'], cursor, (_, agentId, record) => ({
        type: 'agent',
        agentId,
        ...toAgent(record),
      })),
  },
  writes: {
    upsertAgent: write(({ agentId, contractJson, priority, status, agentVersion, sessionToken }) => [
      agentId,
      contractJson,
      priority,
      status,
      agentVersion,
      sessionToken,
    ]),
    updateStatus: condition(same),
    importPage: write((items) => [
      items.map((agent) => [
        agent.agentId,
        agent.contractJson,
        agent.priority,
        agent.status,
        agent.agentVersion,
        agent.sessionToken,
        agent.suspensionReason,
        toStamp(agent.registeredAt),
        toStamp(agent.updatedAt),
      ]),
    ]),
  },
}
