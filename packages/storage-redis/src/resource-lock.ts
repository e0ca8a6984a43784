import type { HoldExport } from '@dir/storage-core'
import { exportAmount, importAmount, noRoom, compareHolds } from '@dir/storage-core/adapter'
import { exportTables } from './export-page.ts'
import { HOLDS, HOLDS_WRITE, toHold } from './holds.ts'
import { TABLES } from './lua.ts'
import { allPages } from './pages.ts'
import { type RedisProtocol, type Reply, as, condition, freeing, same, write } from './protocol.ts'
import { pruneFlow } from './prune.ts'
import type { ScriptPart } from './script.ts'
import { fromStamp, toStamp } from './time.ts'

const script: ScriptPart = {
  keys: {
    holds: 'hash',
    holds_by_id: 'zset',
    holds_by_flow: 'zset',
    holds_by_fence: 'zset',
    leases: 'zset',
    totals: 'hash',
  },
  shared: [TABLES, HOLDS],
  read: [
    /* lua */ String.raw`
-- resource id, dfid to leave out or null; answers micro-units, or null where too many expired holds are kept
function op.locked(resource, without)
  local flows, sum = expired_flows(resource, MOST_EXPIRED), total(resource, without)
  if #flows == MOST_EXPIRED then return false end
  for _, flow in ipairs(flows) do
    if flow ~= without then sum = sum - get('holds', resource .. '\0' .. flow)[1] end
  end
  return sum
end

-- dfid or null, resource id or null, after what; answers live holds, and after what to go on, or false at the end
function op.live_holds(flow, resource, after)
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

-- dfid, resource id, least age in microseconds (each null: any), after a place; answers those of the next holds that fit, and
-- after which place to go on, or false at the end
function op.holds_page(flow, resource, age, after)
  local latest = age and stamp(-age)
  local places, next = members('holds_by_fence', after)
  local ids = {}
  for i, place in ipairs(places) do
    local at = string.find(place, '\0', 17, true)
    ids[i] = string.sub(place, at + 1) .. '\0' .. string.sub(place, 17, at - 1)
  end
  return fill('holds', ids, places, next, function(hold, id)
    return (not flow or string.sub(id, -#flow - 1) == '\0' .. flow) and
      (not resource or string.sub(id, 1, #resource + 1) == resource .. '\0') and
      (not latest or hold[2] <= latest)
  end)
end
`,
  ],
  write: [
    HOLDS_WRITE,
    /* lua */ String.raw`
-- dfid, lease in microseconds or null, demands, each resource id, micro-units, capacity; answers the fence and the end
-- of the lease. Refused with the position of the first resource without room and what others hold of it.
function refusal.resourceLock.acquire(dfid, _, demands)
  for i, demand in ipairs(demands) do
    if not op.remove_expired(demand[1]) then error(AGAIN) end
    local others = total(demand[1], dfid)
    if others + demand[2] > demand[3] then return { i - 1, exact(others) } end
  end
end
function op.resourceLock.acquire(dfid, lease, demands)
  local fence = count('fence')
  write('HSET', key.holds, '', fence)
  local expires = lease and stamp(lease)
  for _, demand in ipairs(demands) do put_hold(demand[1], dfid, { demand[2], now, expires, fence }) end
  return { exact(fence), expires or cjson.null }
end

-- dfid, fence or null
function op.resourceLock.release(dfid, fence)
  for resource, hold in pairs(holds_of(dfid, fence)) do drop(resource, dfid, hold) end
end

-- dfid, lease in microseconds, fence or null; refused without a live leased hold
function refusal.resourceLock.renew(dfid, _, fence)
  for _, hold in pairs(holds_of(dfid, fence)) do
    if hold[3] and not expired(hold) then return end
  end
  return {}
end
function op.resourceLock.renew(dfid, lease, fence)
  for resource, hold in pairs(holds_of(dfid, fence)) do
    if hold[3] and not expired(hold) then
      put_hold(resource, dfid, { hold[1], hold[2], stamp(lease), hold[4] })
    end
  end
end

-- for each hold: resource id, dfid, its record's fields
function op.resourceLock.importPage(items)
  for _, item in ipairs(items) do put_hold(item[1], item[2], { unpack(item, 3) }) end
end
`,
  ],
}

export const resourceLock: RedisProtocol<'resourceLock'> = {
  script,
  reads: {
    async getLockedAmount(redis, resourceId, excludeDfid) {
      for (;;) {
        const micros = as<number | null>(await redis.read('locked', resourceId, excludeDfid))
        if (micros !== null) return micros
        await redis.remove('remove_expired', resourceId)
      }
    },

    async getHolds(redis, dfid, resourceId) {
      const rows = await allPages<[string, Reply]>(redis, '', 'live_holds', dfid, resourceId)
      const holds = rows.map(([id, record]) => toHold(id, record))
      return holds.sort(compareHolds)
    },

    async holdsPage(redis, { dfid, resourceId, leastAgeMicros }, cursor) {
      const reply = await redis.read('holds_page', dfid, resourceId, leastAgeMicros, cursor ?? '')
      const [rows, next] = as<[readonly [string, Reply][], string | null]>(reply)
      return { items: rows.map(([id, record]) => toHold(id, record)), next }
    },

    exportPage: (redis, cursor) =>
      exportTables(redis, ['holds'], cursor, (_, id, record): HoldExport => {
        const { micros, ...hold } = toHold(id, record)
        return { type: 'hold', ...hold, ...exportAmount(micros) }
      }),
  },
  writes: {
    acquire: write(
      ({ dfid, demands, leaseMicros }) => [
        dfid,
        leaseMicros,
        demands.map(({ resourceId, micros, capacity }) => [resourceId, micros, capacity]),
      ],
      (reply) => {
        const [fence, expires] = as<[string, string | null]>(reply)
        return { fence: Number(fence), expiresAt: expires === null ? null : fromStamp(expires) }
      },
      (details, { demands }) => {
        const [position, others] = as<[number, string]>(details)
        const demand = demands[position]
        if (demand !== undefined) throw noRoom(demand, Number(others))
        return false
      },
    ),
    release: freeing(write(same)),
    renew: condition(same),
    pruneFlow,
    importPage: write((items) => [
      items.map(({ resourceId, dfid, amount, micros, acquiredAt, expiresAt, fence }) => [
        resourceId,
        dfid,
        importAmount(amount, micros),
        toStamp(acquiredAt),
        expiresAt === null ? null : toStamp(expiresAt),
        fence,
      ]),
    ]),
  },
}
