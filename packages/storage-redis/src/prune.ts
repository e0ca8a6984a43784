import type { Instant } from '@dir/storage-core'
import type { PrunedPage } from '@dir/storage-core/adapter'
import { type RedisWrite, as, freeing, write } from './protocol.ts'
import { toStamp } from './time.ts'

/** For what removes the records of a flow, beside `WRITES`. Of an index by flow, the members are dfid, NUL, what it finds. */
export const PRUNE = /* lua */ String.raw`
local looked_at = {} -- by index, how many records this script has looked at, a flow itself counting as twenty

-- A flow goes whole, however much that is. After some five milliseconds the next one comes again, so that others have their
-- turn.
local function look_at(index, dfid)
  local before = looked_at[index] or 0
  if before >= 500 then error(AGAIN) end
  looked_at[index] = before + 20 + redis.call('ZLEXCOUNT', key[index], '[' .. dfid .. '\0', '(' .. dfid .. '\1')
end

local function members_of(index, dfid)
  return redis.call('ZRANGEBYLEX', key[index], '[' .. dfid .. '\0', '(' .. dfid .. '\1')
end

-- The moment before which something is old where it is kept for so many microseconds.
local function old_before(before, kept)
  local latest = stamp(-kept)
  return before < latest and before or latest
end

-- Answers how many there are of a table with an index by id: one, or none.
local function prune(table, id, dry)
  if not redis.call('ZSCORE', key[table .. '_by_id'], id) then return 0 end
  if not dry then remove(table, id) end
  return 1
end
`

/** The same of a log, beside `LOG_WRITE`. */
export const PRUNE_LOG = /* lua */ String.raw`
-- Before a flow's entries are judged.
local function look_at_log(log, dfid)
  if indexed[log .. '_by_flow'] then error(AGAIN) end -- what was added just now is found only at the end
  look_at(log .. '_by_flow', dfid)
end

local function remove_from_index(index, members)
  for first = 1, #members, 4000 do
    write('ZREM', key[index], unpack(members, first, math.min(first + 3999, #members)))
  end
end

-- Answers how many entries of a flow there are, and removes them.
local function prune_log(log, dfid, dry)
  local members = members_of(log .. '_by_flow', dfid)
  for first = 1, dry and 0 or #members, 4000 do
    local last, ids = math.min(first + 3999, #members), {}
    for i = first, last do ids[#ids + 1] = string.sub(members[i], -16) end
    write('XDEL', key[log], unpack(ids))
  end
  if not dry then remove_from_index(log .. '_by_flow', members) end
  return #members
end
`

type PruneFlow = RedisWrite<
  [dfid: string, status: string, before: Instant, keptMicros: number, dryRun: boolean],
  number | false
>
type PrunePage = RedisWrite<
  [before: Instant, keptMicros: number, cursor: string | null, dryRun: boolean],
  PrunedPage
>

/** Its function takes dfid, status, before, whether it only counts (or null), kept; answers how many records. */
export const pruneFlow: PruneFlow = freeing(
  write(
    (dfid, status, before, kept, dryRun) => [dfid, status, toStamp(before), dryRun ? 1 : null, kept],
    (removed) => Number(removed),
  ),
)

/** Its function takes before, after what, whether it only counts (or null), kept; answers how many, and after what to go on. */
export const prunePage: PrunePage = freeing(
  write(
    (before, kept, cursor, dryRun) => [toStamp(before), cursor ?? '', dryRun ? 1 : null, kept],
    (reply) => {
      const [removed, next] = as<[number, string | null]>(reply)
      return { removed, next }
    },
  ),
)
