import type {
  EscalationOperations,
  EscalationRequest,
  Implementation,
  RequestExport,
} from '@dir/storage-core'
import { allPages, exportTables, lastOfEach } from './pages.ts'
import { TABLES } from './lua.ts'
import type { ScriptPart } from './script.ts'
import { type RedisSession, type Reply, as } from './session.ts'
import { fromStamp, toStamp } from './time.ts'

// A token is agent id, NUL, when, NUL, a number that makes it its own. A request's record: agent id, reason, context,
// proposal, impact, created at, and resolved at and decision, or false. `pending` and `requests_by_number` have the
// order of insertion.
export const escalationScript: ScriptPart = {
  keys: { tokens: 'zset', requests: 'hash', requests_by_number: 'zset', pending: 'zset' },
  shared: [
    TABLES,
    /* lua */ String.raw`
local function tokens_since(agent, since)
  return redis.call('ZLEXCOUNT', key.tokens, '[' .. agent .. '\0' .. since, '(' .. agent .. '\1')
end
`,
  ],
  read: [
    /* lua */ String.raw`
-- agent id, since; answers how many
op.token_count = tokens_since

-- after a number; answers pending requests, and after which number to go on, or false at the end
function op.request_list(after)
  local ids, numbers, next = numbered('pending', after)
  return fill('requests', ids, numbers, next)
end

-- after a token; answers tokens
function op.token_export(after)
  return { members('tokens', after) }
end
`,
  ],
  write: [
    /* lua */ String.raw`
-- agent id, when (null: now)
function op.token_add(agent, at)
  local own = string.format('%.0f', count('tokens'))
  write('ZADD', key.tokens, 0, agent .. '\0' .. (at or now) .. '\0' .. own)
end

local function put_request(dfid, record)
  local order = count('requests')
  write('HSET', key.requests, dfid, cmsgpack.pack(record))
  write('ZADD', key.requests_by_number, order, dfid)
  if record[7] then write('ZREM', key.pending, dfid) else write('ZADD', key.pending, order, dfid) end
end

-- A microsecond after a moment.
local function next_moment(at)
  local seconds, micros = tonumber(string.sub(at, 1, 12)), tonumber(string.sub(at, 13)) + 1
  if micros == 1000000 then seconds, micros = seconds + 1, 0 end
  return string.format('%012d%06d', seconds, micros)
end

-- dfid, agent id, reason, context, proposal, impact
function op.request_insert(dfid, agent, reason, context, proposal, impact)
  local replaced, created = get('requests', dfid), now
  if replaced and replaced[6] >= now then created = next_moment(replaced[6]) end
  put_request(dfid, { agent, reason, context, proposal, impact, created, false, false })
end

-- dfid, resolved at, decision, proposal (null: keep it), created at (null: any); refused unless it is pending
function refusal.request_resolve(dfid, _, _, _, created)
  local record = get('requests', dfid)
  return (not record or record[7] or (created and created ~= record[6])) and {}
end
function op.request_resolve(dfid, resolved, decision, proposal)
  local record = get('requests', dfid)
  record[4], record[7], record[8] = proposal or record[4], resolved, decision
  write('HSET', key.requests, dfid, cmsgpack.pack(record))
  write('ZREM', key.pending, dfid)
end

-- agent id, limit, window in microseconds, then a request as for request_insert, or nothing; answers whether it was
-- granted and how many tokens are in the window
function op.token_consume(agent, limit, window, ...)
  local used = tokens_since(agent, stamp(-window))
  if used >= limit then return { 0, used } end
  if ... then op.request_insert(...) end
  op.token_add(agent)
  return { 1, used + 1 }
end

-- dfid, the record's fields, of which the last two may be null
function op.request_import(dfid, agent, reason, context, proposal, impact, created, resolved, decision)
  put_request(dfid, { agent, reason, context, proposal, impact, created, resolved, decision })
end
`,
  ],
}

function toRequest(dfid: string, record: Reply) {
  const [agentId, reason, contextJson, proposalJson, impact, created, resolved, decision] =
    as<[string, string, string, string, string, string, string | null, string | null]>(record)
  return {
    request: { dfid, agentId, reason, contextJson, proposalJson, impact, createdAt: fromStamp(created) },
    resolvedAt: resolved === null ? null : fromStamp(resolved),
    decision,
  }
}

function fieldsOf({ dfid, agentId, reason, contextJson, proposalJson, impact }: EscalationRequest): string[] {
  return [dfid, agentId, reason, contextJson, proposalJson, impact]
}

const REQUESTS = 'requests:'

export const escalation: Implementation<EscalationOperations, RedisSession> = {
  async getWindowCount(redis, agentId, since) {
    return as<number>(await redis.read('escalation', 'token_count', agentId, toStamp(since)))
  },

  async recordBudgetToken(redis, agentId) {
    await redis.write('token_add', agentId)
  },

  async insertRequest(redis, request) {
    await redis.write('request_insert', ...fieldsOf(request))
  },

  resolveRequest(redis, { dfid, resolvedAt, decision, proposalJson, createdAt }) {
    const [resolved, created] = [toStamp(resolvedAt), createdAt === null ? null : toStamp(createdAt)]
    return redis.attempt('request_resolve', dfid, resolved, decision, proposalJson, created)
  },

  async getPendingRequests(redis) {
    const rows = await allPages<[string, Reply]>(redis, 'escalation', '-inf', 'request_list')
    return lastOfEach(rows, ([dfid]) => dfid).map(([dfid, record]) => toRequest(dfid, record).request)
  },

  async consumeBudget(redis, agentId, limit, windowMicros, request) {
    const rest = request === null ? [] : fieldsOf(request)
    const reply = await redis.write('token_consume', agentId, limit, windowMicros, ...rest)
    const [granted, used] = as<[number, number]>(reply)
    return { granted: granted === 1, used }
  },

  async exportPage(redis, cursor) {
    if (cursor?.startsWith(REQUESTS) === true) {
      const toItem = (_: string, dfid: string, record: Reply): RequestExport => {
        const { request, resolvedAt, decision } = toRequest(dfid, record)
        const status = resolvedAt === null ? 'PENDING' : 'RESOLVED'
        return { type: 'request', ...request, status, resolvedAt, decision }
      }
      const after = cursor.slice(REQUESTS.length) || null
      const page = await exportTables(redis, 'escalation', ['requests'], after, toItem, 'number')
      return { ...page, next: page.next === null ? null : `${REQUESTS}${page.next}` }
    }
    const after = cursor?.slice('tokens:'.length) ?? ''
    const [tokens, next] = as<[string[], string | null]>(
      await redis.read('escalation', 'token_export', after),
    )
    const items = tokens.map((token) => {
      const [agentId = '', at = ''] = token.split('\0')
      return { type: 'budgetToken' as const, agentId, createdAt: fromStamp(at) }
    })
    return { items, next: next === null ? REQUESTS : `tokens:${next}` }
  },

  async importPage(redis, items) {
    await Promise.all(
      items.map((item) => {
        if (item.type === 'budgetToken')
          return redis.write('token_add', item.agentId, toStamp(item.createdAt))
        const resolved = item.resolvedAt === null ? null : toStamp(item.resolvedAt)
        const times = [toStamp(item.createdAt), resolved, item.decision]
        return redis.write('request_import', ...fieldsOf(item), ...times)
      }),
    )
  },
}
