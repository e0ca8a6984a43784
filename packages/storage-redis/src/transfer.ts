import { COUNTERS, META } from './meta.ts'

/** Begins and ends the filling of a namespace. */
export const IMPORT: string = /* lua */ String.raw`
local apart = { ${Object.keys(META.keys)
  .map((name) => `${name} = true`)
  .join(', ')} }

-- ticket; answers whether it was allowed: the store is empty, or an import into it was interrupted. It may arrive twice.
function op.import_begin(ticket)
  local state = redis.call('HMGET', key.meta, 'events', 'fence', 'importing', 'imported')
  if state[3] == ticket then return 1 end
  local empty = (state[1] or '0') == '0' and (state[2] or '0') == '0' and state[4] ~= ticket
  for name, full in pairs(key) do
    if not apart[name] and redis.call('EXISTS', full) == 1 then empty = false end
  end
  if not empty and not state[3] then return 0 end
  for name, full in pairs(key) do
    if not apart[name] then write('UNLINK', full) end
  end
  write('HDEL', key.meta, 'imported', '${COUNTERS.join("', '")}')
  write('HSET', key.meta, 'importing', ticket)
  return 1
end

-- ticket, the counters; answers whether it was allowed: this import has not ended, or nothing came after its end
function op.import_finish(ticket, events, fence)
  local mark = redis.call('HGET', key.meta, 'importing')
  if not mark then return redis.call('HGET', key.meta, 'imported') == ticket and 1 or 0 end
  if mark ~= ticket then return 0 end
  write('HSET', key.meta, 'events', events, 'fence', fence)
  if fence > 0 then write('HSET', key.holds, '', fence) end
  write('HSET', key.meta, 'imported', ticket)
  write('HDEL', key.meta, 'importing')
  return 1
end
`

/** For scripts that write: what a page of an import has before its records. */
export const IMPORT_PAGE: string = /* lua */ String.raw`
-- the ticket of an import; keeps a page of it from being written where another import has begun
function op.import_page() end
function refusal.import_page(ticket)
  if redis.call('HGET', key.meta, 'importing') ~= ticket then return {} end
end
`
