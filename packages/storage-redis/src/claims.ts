// A record: result, request hash, created at, of a claim: token, since, until, and what it was claimed for: dfid, step id. What
// there is not is false. `claims_by_time` has the claims without a result, its members being since, key; `results_by_flow` has
// what was claimed for flows, its members being dfid, NUL, key.
import type { ClaimAnswer, ClaimRow } from '@dir/storage-core/adapter'
import { type Reply, as } from './protocol.ts'
import { fromStamp } from './time.ts'

/** For what writes results and claims, beside `PRUNE`. */
export const RESULTS_WRITE = /* lua */ String.raw`
-- A record, or false for none any more.
local function put_effect(id, record)
  local before = get('results', id)
  if before and before[4] then write('ZREM', key.claims_by_time, before[5] .. id) end
  if before and before[7] then write('ZREM', key.results_by_flow, before[7] .. '\0' .. id) end
  if record and record[4] then write('ZADD', key.claims_by_time, 0, record[5] .. id) end
  if record and record[7] then write('ZADD', key.results_by_flow, 0, record[7] .. '\0' .. id) end
  if record then put('results', id, record) else remove('results', id) end
end

local function put_result(id, result, hash, dfid, step)
  put_effect(id, { result, hash, now, false, false, false, dfid, step })
end

-- Whether a record is a result from before a moment.
local function is_old(record, before) return not record[4] and record[3] and record[3] < before end

local function keys_of(dfid)
  local members = members_of('results_by_flow', dfid)
  for i, member in ipairs(members) do members[i] = string.sub(member, #dfid + 2) end
  return members
end

function refusal.idempotency.pruneFlow(dfid, _, before, _, kept)
  look_at('results_by_flow', dfid)
  before = old_before(before, kept)
  for _, id in ipairs(keys_of(dfid)) do
    if not is_old(get('results', id), before) then return {} end
  end
end
function op.idempotency.pruneFlow(dfid, _, _, dry)
  local ids = keys_of(dfid)
  for i = 1, dry and 0 or #ids do put_effect(ids[i], false) end
  return #ids
end

function op.idempotency.prunePage(before, after, dry, kept)
  before = old_before(before, kept)
  local from, bytes, removed = after == '' and '-' or '(' .. after, 0, 0
  local ids = redis.call('ZRANGEBYLEX', key.results_by_id, from, '+', 'LIMIT', 0, 500)
  for _, id in ipairs(ids) do
    local packed = redis.call('HGET', key.results, id)
    local record = unpacked('results', packed)
    if not record[7] and is_old(record, before) then
      if not dry then put_effect(id, false) end
      removed = removed + 1
    end
    bytes = bytes + #packed
    if bytes >= 1048576 then return { removed, id } end
  end
  return { removed, ids[500] or cjson.null }
end
`

/** What a store of version 2 has not: the unfinished claims in the order of their times. */
export const INDEX_CLAIMS = /* lua */ String.raw`
local from, bytes = cursor == '' and '-' or '(' .. cursor, 0
local ids = redis.call('ZRANGEBYLEX', key.results_by_id, from, '+', 'LIMIT', 0, 100)
for _, id in ipairs(ids) do
  local packed = redis.call('HGET', key.results, id)
  local record = cmsgpack.unpack(packed)
  if record[4] then redis.call('ZADD', key.claims_by_time, 0, record[5] .. id) end
  bytes = bytes + #packed
  if bytes >= 1048576 then return id end
end
return ids[100]`

export type Stored = readonly [
  resultJson: string | null,
  requestHash: string | null,
  createdAt: string | null,
  token: string | null,
  since: string | null,
  until: string | null,
  /** Absent where it was not claimed, and where version 2 wrote the record. */
  dfid?: string | null,
  stepId?: string | null,
]
export type ClaimReply =
  | readonly ['started' | 'mismatch']
  | readonly ['replay' | 'inFlight', string]
  | readonly ['ambiguous', string, string]

export function toClaim(reply: ClaimReply): ClaimAnswer {
  switch (reply[0]) {
    case 'replay':
      return { state: 'replay', resultJson: reply[1] }
    case 'inFlight':
      return { state: 'inFlight', until: fromStamp(reply[1]) }
    case 'ambiguous':
      return { state: 'ambiguous', since: fromStamp(reply[1]), token: reply[2] }
    default:
      return { state: reply[0] }
  }
}

export const instantOf = (stamp: string | null): string | null => (stamp === null ? null : fromStamp(stamp))

export function toRow(key: string, record: Reply, isInFlight: boolean): ClaimRow {
  const [, requestHash, , token, since, until, dfid = null, stepId = null] = as<Stored>(record)
  const times = { since: instantOf(since) ?? '', until: instantOf(until) ?? '' }
  return {
    key,
    state: isInFlight ? 'inFlight' : 'ambiguous',
    ...times,
    token: token ?? '',
    dfid,
    stepId,
    requestHash,
  }
}
