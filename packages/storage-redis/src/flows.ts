// A flow's last transition is found by flow in `statuses`, in the order of insertion in `flows`, whose scores are the
// transitions' numbers, and by status in `flows_by_status`, whose members are status, NUL, the number in 16 digits, dfid.

export const FLOWS_READ = /* lua */ String.raw`
-- status, least age in microseconds (each null: any), after a number; answers dfid, status and since of those of the next
-- flows that fit, and after which number to go on, or false at the end. It looks through a megabyte, about.
function op.flows_page(status, age, after)
  local latest, rows, bytes = age and stamp(-age), {}, 0
  local ids, numbers, next
  if status then ids, numbers, next = numbered_under('flows_by_status', status, after)
  else ids, numbers, next = numbered('flows', after) end
  for i, dfid in ipairs(ids) do
    local fields = entry_at('transitions', numbers[i])[2]
    local to, at = fields[6], fields[8]
    if not latest or at <= latest then rows[#rows + 1] = { dfid, to, at } end
    bytes = bytes + #dfid + #to
    if bytes >= MOST and i < #ids then return { rows, numbers[i] } end
  end
  return { rows, next }
end
`

export const FLOWS_WRITE = /* lua */ String.raw`
local function leave_status(dfid)
  local number = redis.call('ZSCORE', key.flows, dfid)
  if number then write('ZREM', key.flows_by_status, placed(status_of(dfid), number, dfid)) end
end

function refusal.lifecycle.pruneFlow(dfid, status, before)
  look_at_log('transitions', dfid)
  if status_of(dfid) ~= status then return {} end
  local id = string.format(digits, redis.call('ZSCORE', key.flows, dfid))
  return redis.call('XRANGE', key.transitions, id, id)[1][2][8] >= before and {}
end
function op.lifecycle.pruneFlow(dfid, _, _, dry)
  if not dry then
    leave_status(dfid)
    write('ZREM', key.flows, dfid)
    write('HDEL', key.statuses, dfid)
  end
  return prune_log('transitions', dfid, dry)
end
`

/** What a store of version 2 has not: the flows by their last transitions, flow by flow. */
export const INDEX_FLOWS = /* lua */ String.raw`
local bytes = 0
for _ = 1, 100 do
  local from = cursor == '' and '-' or '[' .. cursor .. '\1'
  local first = redis.call('ZRANGE', key.transitions_by_flow, from, '+', 'BYLEX', 'LIMIT', 0, 1)[1]
  if not first then return end
  cursor = string.sub(first, 1, -18)
  local last = redis.call('ZRANGE', key.transitions_by_flow, '(' .. cursor .. '\1', '[' .. cursor .. '\0', 'BYLEX', 'REV', 'LIMIT', 0, 1)[1]
  local number, status = string.sub(last, -16), redis.call('HGET', key.statuses, cursor)
  redis.call('ZADD', key.flows, number, cursor)
  redis.call('ZADD', key.flows_by_status, 0, status .. '\0' .. number .. cursor)
  bytes = bytes + #status
  if bytes >= 1048576 then break end
end
return cursor`
