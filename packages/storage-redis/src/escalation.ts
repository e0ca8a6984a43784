import type { EscalationRequest, RequestExport } from '@dir/storage-core'
import { exportTables } from './export-page.ts'
import { TABLES } from './lua.ts'
import { allPages, lastOfEach } from './pages.ts'
import { type RedisProtocol, type Reply, as, condition, same, write } from './protocol.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

// A token is agent id, NUL, when, NUL, a number that makes it its own. A request's record: agent id, reason, context,
// proposal, impact, created at, and resolved at and decision, or false. `pending` and `requests_by_number` have the
// order of insertion.
const script: ScriptPart = {
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
function op.pending_requests(after)
  local ids, numbers, next = numbered('pending', after)
  return fill('requests', ids, numbers, next)
end

-- after a token; answers tokens, and after which to go on, or false at the end
function op.export_tokens(after)
  return { members('tokens', after) }
end
`,
  ],
  write: [
    /* lua */ String.raw`
local function add_token(agent, at)
  write('ZADD', key.tokens, 0, agent .. '\0' .. at .. '\0' .. exact(count('tokens')))
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

-- agent id
function op.escalation.recordBudgetToken(agent) add_token(agent, now) end

-- dfid, agent id, reason, context, proposal, impact
function op.escalation.insertRequest(dfid, agent, reason, context, proposal, impact)
  local replaced, created = get('requests', dfid), now
  if replaced and replaced[6] >= now then created = next_moment(replaced[6]) end
  put_request(dfid, { agent, reason, context, proposal, impact, created, false, false })
end

-- dfid, resolved at, decision, proposal (null: keep it), created at (null: any); refused unless it is pending
function refusal.escalation.resolveRequest(dfid, _, _, _, created)
  local record = get('requests', dfid)
  return (not record or record[7] or (created and created ~= record[6])) and {}
end
function op.escalation.resolveRequest(dfid, resolved, decision, proposal)
  local record = get('requests', dfid)
  record[4], record[7], record[8] = proposal or record[4], resolved, decision
  write('HSET', key.requests, dfid, cmsgpack.pack(record))
  write('ZREM', key.pending, dfid)
end

-- agent id, limit, window in microseconds, then a request as for insertRequest, or nothing; answers whether it was
-- granted and how many tokens are in the window
function op.escalation.consumeBudget(agent, limit, window, ...)
  local used = tokens_since(agent, stamp(-window))
  if used >= limit then return { false, exact(used) } end
  if ... then op.escalation.insertRequest(...) end
  add_token(agent, now)
  return { true, exact(used + 1) }
end

-- for each token two fields: agent id, when; for each request: dfid, the record's fields
function op.escalation.importPage(items)
  for _, item in ipairs(items) do
    if #item == 2 then add_token(unpack(item)) else put_request(item[1], { unpack(item, 2) }) end
  end
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

const stampOf = (instant: string | null): string | null => (instant === null ? null : toStamp(instant))

const REQUESTS = 'requests:'

export const escalation: RedisProtocol<'escalation'> = {
  script,
  reads: {
    async getWindowCount(redis, agentId, since) {
      return as<number>(await redis.read('token_count', agentId, toStamp(since)))
    },

    async getPendingRequests(redis) {
      const rows = await allPages<[string, Reply]>(redis, '-inf', 'pending_requests')
      return lastOfEach(rows, ([dfid]) => dfid).map(([dfid, record]) => toRequest(dfid, record).request)
    },

    async exportPage(redis, cursor) {
      if (cursor?.startsWith(REQUESTS) === true) {
        const toItem = (_: string, dfid: string, record: Reply): RequestExport => {
          const { request, resolvedAt, decision } = toRequest(dfid, record)
          const status = resolvedAt === null ? 'PENDING' : 'RESOLVED'
          return { type: 'request', ...request, status, resolvedAt, decision }
        }
        const after = cursor.slice(REQUESTS.length) || null
        const page = await exportTables(redis, ['requests'], after, toItem, 'number')
        return { ...page, next: page.next === null ? null : `${REQUESTS}${page.next}` }
      }
      const after = cursor?.slice('tokens:'.length) ?? ''
      const [tokens, next] = as<[string[], string | null]>(await redis.read('export_tokens', after))
      const items = tokens.map((token) => {
        const [agentId = '', at = ''] = token.split('\0')
        return { type: 'budgetToken' as const, agentId, createdAt: fromStamp(at) }
      })
      return { items, next: next === null ? REQUESTS : `tokens:${next}` }
    },
  },
  writes: {
    recordBudgetToken: write(same),
    insertRequest: write(fieldsOf),
    resolveRequest: condition(({ dfid, resolvedAt, decision, proposalJson, createdAt }) => [
      dfid,
      toStamp(resolvedAt),
      decision,
      proposalJson,
      stampOf(createdAt),
    ]),
    consumeBudget: write(
      (agentId, limit, windowMicros, request) => [
        agentId,
        limit,
        windowMicros,
        ...(request === null ? [] : fieldsOf(request)),
      ],
      (reply) => {
        const [granted, used] = as<[boolean, string]>(reply)
        return { granted, used: Number(used) }
      },
    ),
    importPage: write((items) => [
      items.map((item) =>
        item.type === 'budgetToken'
          ? [item.agentId, toStamp(item.createdAt)]
          : [...fieldsOf(item), toStamp(item.createdAt), stampOf(item.resolvedAt), item.decision],
      ),
    ]),
  },
}
