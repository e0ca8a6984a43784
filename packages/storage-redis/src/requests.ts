// A request's record: agent id, reason, context, proposal, impact, created at, and resolved at, decision and who decided,
// or false. `requests_by_number` and `pending` have the order of insertion; `requests_by_agent` has it by agent, its members
// being agent id, NUL, the number in 16 digits, dfid.
import type { EscalationRequest, RequestExport, RequestStatus } from '@dir/storage-core'
import { type Reply, as } from './protocol.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp } from './time.ts'

export const REQUESTS: ScriptPart = {
  keys: { requests: 'hash', requests_by_number: 'zset', requests_by_agent: 'zset', pending: 'zset' },
  shared: [],
  read: [
    /* lua */ String.raw`
-- dfid; answers its record, or false
function op.request(dfid) return get('requests', dfid) end

-- after a number; answers pending requests, and after which number to go on, or false at the end
function op.pending_requests(after)
  local ids, numbers, next = numbered('pending', after)
  return fill('requests', ids, numbers, next)
end

-- status, agent id, least age in microseconds (each null: any), after a number; answers those of the next requests that
-- fit, and after which number to go on, or false at the end
function op.requests_page(status, agent, age, after)
  local latest = age and stamp(-age)
  local ids, numbers, next
  if status == 'PENDING' then ids, numbers, next = numbered('pending', after)
  elseif agent then ids, numbers, next = numbered_under('requests_by_agent', agent, after)
  else ids, numbers, next = numbered('requests_by_number', after) end
  return fill('requests', ids, numbers, next, function(record)
    return (not status or (status == 'RESOLVED') == (record[7] ~= false)) and
      (not agent or record[1] == agent) and (not latest or record[6] <= latest)
  end)
end
`,
  ],
  write: [
    /* lua */ String.raw`
local function put_request(dfid, record, replaced)
  local number = count('requests')
  local before = replaced and redis.call('ZSCORE', key.requests_by_number, dfid)
  if before then write('ZREM', key.requests_by_agent, placed(replaced[1], before, dfid)) end
  write('HSET', key.requests, dfid, cmsgpack.pack(record))
  write('ZADD', key.requests_by_number, number, dfid)
  write('ZADD', key.requests_by_agent, 0, placed(record[1], number, dfid))
  if record[7] then write('ZREM', key.pending, dfid) else write('ZADD', key.pending, number, dfid) end
end

-- A microsecond after a moment.
local function next_moment(at)
  local seconds, micros = tonumber(string.sub(at, 1, 12)), tonumber(string.sub(at, 13)) + 1
  if micros == 1000000 then seconds, micros = seconds + 1, 0 end
  return string.format('%012d%06d', seconds, micros)
end

-- dfid, agent id, reason, context, proposal, impact
function op.escalation.insertRequest(dfid, agent, reason, context, proposal, impact)
  local replaced, created = get('requests', dfid), now
  if replaced and replaced[6] >= now then created = next_moment(replaced[6]) end
  put_request(dfid, { agent, reason, context, proposal, impact, created, false, false, false }, replaced)
end

-- dfid, resolved at, decision, proposal (null: keep it), created at (null: any), who decided (null: nobody says);
-- refused unless it is pending
function refusal.escalation.resolveRequest(dfid, _, _, _, created)
  local record = get('requests', dfid)
  if not record then return {} end
  if record[7] then return { 'RESOLVED' } end
  return created and created ~= record[6] and { 'PENDING' }
end
function op.escalation.resolveRequest(dfid, resolved, decision, proposal, _, by)
  local record = get('requests', dfid)
  record[4], record[7], record[8], record[9] = proposal or record[4], resolved, decision, by
  write('HSET', key.requests, dfid, cmsgpack.pack(record))
  write('ZREM', key.pending, dfid)
end

function refusal.escalation.pruneFlow(dfid, _, before)
  local record = get('requests', dfid)
  return record and not (record[7] and record[7] < before) and {}
end
function op.escalation.pruneFlow(dfid, _, _, dry)
  local number = redis.call('ZSCORE', key.requests_by_number, dfid)
  if number and not dry then
    write('ZREM', key.requests_by_agent, placed(get('requests', dfid)[1], number, dfid))
    write('ZREM', key.requests_by_number, dfid)
    write('HDEL', key.requests, dfid)
  end
  return number and 1 or 0
end
`,
  ],
}

/** What a store of version 1 has not: the requests by agent. */
export const INDEX_BY_AGENT = /* lua */ String.raw`
local after, bytes = cursor == '' and '0' or cursor, 0
local found = redis.call('ZRANGE', key.requests_by_number, '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, 100, 'WITHSCORES')
for i = 1, #found, 2 do
  local dfid, number = found[i], found[i + 1]
  local packed = redis.call('HGET', key.requests, dfid)
  local agent = cmsgpack.unpack(packed)[1]
  redis.call('ZADD', key.requests_by_agent, 0, agent .. '\0' .. string.format('%016d', number) .. dfid)
  bytes = bytes + #packed
  if bytes >= 1048576 then return number end
end
return found[200]`

type Fields = readonly [
  agentId: string,
  reason: string,
  contextJson: string,
  proposalJson: string,
  impact: string,
  createdAt: string,
  resolvedAt: string | null,
  decision: string | null,
  /** Absent where version 1 wrote the record. */
  resolvedBy?: string | null,
]

export function toPending(dfid: string, record: Reply) {
  const [agentId, reason, contextJson, proposalJson, impact, created] = as<Fields>(record)
  return { dfid, agentId, reason, contextJson, proposalJson, impact, createdAt: fromStamp(created) }
}

export function toRow(dfid: string, record: Reply) {
  const [, , , , , , resolved, decision, resolvedBy = null] = as<Fields>(record)
  const status: RequestStatus = resolved === null ? 'PENDING' : 'RESOLVED'
  const resolvedAt = resolved === null ? null : fromStamp(resolved)
  return { ...toPending(dfid, record), status, resolvedAt, decision, resolvedBy }
}

export function toExport(dfid: string, record: Reply): RequestExport {
  const { resolvedBy, ...request } = toRow(dfid, record)
  return { type: 'request', ...request, ...(resolvedBy === null ? {} : { resolvedBy }) }
}

/** The dfid and what the function that opens a request takes. */
export function fieldsOf({
  dfid,
  agentId,
  reason,
  contextJson,
  proposalJson,
  impact,
}: EscalationRequest): string[] {
  return [dfid, agentId, reason, contextJson, proposalJson, impact]
}
