import { TABLES } from './lua.ts'
import type { ScriptPart } from './script.ts'

// A hold's id is resource id, NUL, dfid; its record: micro-units, acquired at, expires at or false, fence. The field
// without a name keeps the latest fence beside them, should `meta` be lost. `totals` has the sum of each resource's
// holds, expired ones too until they are met; `leases` finds those by resource.
export const resourceLockScript: ScriptPart = {
  keys: { holds: 'hash', holds_by_id: 'zset', holds_by_flow: 'zset', leases: 'zset', totals: 'hash' },
  shared: [
    TABLES,
    /* lua */ String.raw`
local function expired(hold) return hold[3] and hold[3] <= now end
is_over.holds = expired

-- The flows whose holds of a resource have expired and are still kept.
local function expired_flows(resource)
  local flows = redis.call('ZRANGEBYLEX', key.leases, '[' .. resource .. '\0', '[' .. resource .. '\0' .. now .. '\1')
  for i, member in ipairs(flows) do flows[i] = string.sub(member, #resource + 21) end
  return flows
end

-- What flows but this one (false: all flows) hold of a resource, in micro-units.
local function locked(resource, dfid)
  local sum = (redis.call('HGET', key.totals, resource) or 0) + 0
  local own = dfid and get('holds', resource .. '\0' .. dfid)
  if own and not expired(own) then sum = sum - own[1] end
  for _, flow in ipairs(expired_flows(resource)) do
    sum = sum - get('holds', resource .. '\0' .. flow)[1]
  end
  return sum
end
`,
  ],
  read: [
    /* lua */ String.raw`
-- resource id, dfid to leave out or null; answers micro-units
function op.hold_locked(resource, without) return locked(resource, without) end

-- dfid or null, resource id or null, after what; answers live holds, and after what to go on, or false at the end
function op.hold_list(flow, resource, after)
  local ids, next = {}, false
  if flow and resource then ids = { resource .. '\0' .. flow }
  elseif flow then
    ids, next = members('holds_by_flow', after, flow)
    for i, member in ipairs(ids) do ids[i] = string.sub(member, #flow + 2) .. '\0' .. flow end
  else ids, next = members('holds_by_id', after, resource) end
  local rows = {}
  for _, id in ipairs(ids) do
    local hold = get('holds', id)
    if hold and not expired(hold) then rows[#rows + 1] = { id, hold } end
  end
  return { rows, next }
end
`,
  ],
  write: [
    /* lua */ String.raw`
local function add_to_total(resource, micros)
  local sum = (redis.call('HGET', key.totals, resource) or 0) + micros
  if sum == 0 then write('HDEL', key.totals, resource) else write('HSET', key.totals, resource, string.format('%.0f', sum)) end
end

local function drop(resource, dfid, hold)
  remove('holds', resource .. '\0' .. dfid)
  write('ZREM', key.holds_by_flow, dfid .. '\0' .. resource)
  if hold[3] then write('ZREM', key.leases, resource .. '\0' .. hold[3] .. '\0' .. dfid) end
  add_to_total(resource, -hold[1])
end

local function put_hold(resource, dfid, hold)
  local id = resource .. '\0' .. dfid
  local replaced = get('holds', id)
  if replaced then drop(resource, dfid, replaced) end
  put('holds', id, hold)
  write('ZADD', key.holds_by_flow, 0, dfid .. '\0' .. resource)
  if hold[3] then write('ZADD', key.leases, 0, resource .. '\0' .. hold[3] .. '\0' .. dfid) end
  add_to_total(resource, hold[1])
end

-- dfid, lease in microseconds or null, then for each resource: id, micro-units, capacity; answers the fence and the end
-- of the lease. Refused with the position of the first resource without room and what others hold of it.
function refusal.hold_acquire(dfid, _, ...)
  local demands = { ... }
  for i = 1, #demands, 3 do
    local others = locked(demands[i], dfid)
    if others + demands[i + 1] > demands[i + 2] then return { (i - 1) / 3, others } end
  end
end
function op.hold_acquire(dfid, lease, ...)
  local demands = { ... }
  local fence = count('fence')
  write('HSET', key.holds, '', fence)
  local expires = lease and stamp(lease)
  for i = 1, #demands, 3 do
    local resource = demands[i]
    for _, flow in ipairs(expired_flows(resource)) do
      drop(resource, flow, get('holds', resource .. '\0' .. flow))
    end
    put_hold(resource, dfid, { demands[i + 1], now, expires, fence })
  end
  return { fence, expires }
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

-- dfid, fence or null
function op.hold_release(dfid, fence)
  for resource, hold in pairs(holds_of(dfid, fence)) do drop(resource, dfid, hold) end
end

-- dfid, lease in microseconds, fence or null; refused without a live leased hold
function refusal.hold_renew(dfid, _, fence)
  for _, hold in pairs(holds_of(dfid, fence)) do
    if hold[3] and not expired(hold) then return end
  end
  return {}
end
function op.hold_renew(dfid, lease, fence)
  for resource, hold in pairs(holds_of(dfid, fence)) do
    if hold[3] and not expired(hold) then
      put_hold(resource, dfid, { hold[1], hold[2], stamp(lease), hold[4] })
    end
  end
end

-- resource id, dfid, micro-units, acquired at, expires at or null, fence
function op.hold_import(resource, dfid, micros, acquired, expires, fence)
  put_hold(resource, dfid, { micros, acquired, expires, fence })
end
`,
  ],
}
