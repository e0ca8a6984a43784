import { type Reply, as } from './protocol.ts'
import { fromStamp } from './time.ts'

// A hold's id is resource id, NUL, dfid; its record: micro-units, acquired at, expires at or false, fence. The field
// without a name keeps the latest fence beside them, should `meta` be lost. `holds_by_fence` has them in the order in which they
// are listed, its members being the fence in 16 digits, dfid, NUL, resource id. `totals` has the sum of each resource's
// holds, expired ones too until they are met; `leases` finds those by resource.
export const HOLDS: string = /* lua */ String.raw`
local MOST_EXPIRED = 500 -- that one script deals with, so that others need not wait

local function expired(hold) return hold[3] and hold[3] <= now end
is_over.holds = expired

-- The flows of expired holds of a resource that are still kept, so many of them.
local function expired_flows(resource, most)
  local till = '[' .. resource .. '\0' .. now .. '\1'
  local flows = redis.call('ZRANGEBYLEX', key.leases, '[' .. resource .. '\0', till, 'LIMIT', 0, most)
  for i, member in ipairs(flows) do flows[i] = string.sub(member, #resource + 21) end
  return flows
end

-- The sum of what flows but this one (false: all flows) hold of a resource, those included that have expired.
local function total(resource, dfid)
  local own = dfid and get('holds', resource .. '\0' .. dfid)
  return (redis.call('HGET', key.totals, resource) or 0) - (own and own[1] or 0)
end
`

/** For what writes holds. */
export const HOLDS_WRITE: string = /* lua */ String.raw`
local function add_to_total(resource, micros)
  local sum = (redis.call('HGET', key.totals, resource) or 0) + micros
  if sum == 0 then write('HDEL', key.totals, resource) else write('HSET', key.totals, resource, exact(sum)) end
end

local function place_of(resource, dfid, hold)
  return string.format('%016d', hold[4]) .. dfid .. '\0' .. resource
end

local function drop(resource, dfid, hold)
  remove('holds', resource .. '\0' .. dfid)
  write('ZREM', key.holds_by_fence, place_of(resource, dfid, hold))
  write('ZREM', key.holds_by_flow, dfid .. '\0' .. resource)
  if hold[3] then write('ZREM', key.leases, resource .. '\0' .. hold[3] .. '\0' .. dfid) end
  add_to_total(resource, -hold[1])
end

local function put_hold(resource, dfid, hold)
  local id = resource .. '\0' .. dfid
  local replaced = get('holds', id)
  if replaced then drop(resource, dfid, replaced) end
  put('holds', id, hold)
  write('ZADD', key.holds_by_fence, 0, place_of(resource, dfid, hold))
  write('ZADD', key.holds_by_flow, 0, dfid .. '\0' .. resource)
  if hold[3] then write('ZADD', key.leases, 0, resource .. '\0' .. hold[3] .. '\0' .. dfid) end
  add_to_total(resource, hold[1])
end

-- Removes expired holds of a resource, which nobody sees; answers whether it came to the end.
local may_remove = MOST_EXPIRED
function op.remove_expired(resource)
  local had_written, flows = wrote, expired_flows(resource, may_remove)
  for _, flow in ipairs(flows) do drop(resource, flow, get('holds', resource .. '\0' .. flow)) end
  wrote, may_remove = had_written, may_remove - #flows
  return may_remove > 0
end

-- A flow's holds whose fence is not newer (null: all of them), by resource.
local function holds_of(dfid, fence)
  local holds = {}
  for _, member in ipairs(redis.call('ZRANGEBYLEX', key.holds_by_flow, '[' .. dfid .. '\0', '(' .. dfid .. '\1')) do
    local resource = string.sub(member, #dfid + 2)
    local hold = get('holds', resource .. '\0' .. dfid)
    if not fence or hold[4] <= fence then holds[resource] = hold end
  end
  return holds
end

-- Only expired holds are removed, which nobody sees.
function refusal.resourceLock.pruneFlow(dfid)
  for _, hold in pairs(holds_of(dfid)) do
    if not expired(hold) then return {} end
  end
end
function op.resourceLock.pruneFlow(dfid, _, _, dry)
  if not dry then op.resourceLock.release(dfid) end
  return 0
end
`

/** What a store of version 2 has not: the holds in the order of their fences. */
export const INDEX_BY_FENCE = /* lua */ String.raw`
local from = cursor == '' and '-' or '(' .. cursor
local ids = redis.call('ZRANGEBYLEX', key.holds_by_id, from, '+', 'LIMIT', 0, 100)
for _, id in ipairs(ids) do
  local hold = cmsgpack.unpack(redis.call('HGET', key.holds, id))
  local at = string.find(id, '\0', 1, true)
  local resource, dfid = string.sub(id, 1, at - 1), string.sub(id, at + 1)
  redis.call('ZADD', key.holds_by_fence, 0, string.format('%016d', hold[4]) .. dfid .. '\0' .. resource)
end
return ids[100]`

export function toHold(id: string, record: Reply) {
  const [micros, acquiredAt, expires, fence] = as<[number, string, string | null, number]>(record)
  const [resourceId = '', dfid = ''] = id.split('\0')
  const expiresAt = expires === null ? null : fromStamp(expires)
  return { dfid, resourceId, micros, acquiredAt: fromStamp(acquiredAt), expiresAt, fence }
}
