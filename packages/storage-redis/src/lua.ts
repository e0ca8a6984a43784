// What the scripts are made of, beside what each protocol brings.

/**
 * What all scripts begin with. `#!lua` makes the server refuse the whole script, before its first write, when it has no
 * memory left, or its disk failed, or it is a replica. Wrong types and missing rights are found before the first write,
 * because nothing undoes what a script wrote. Arguments come as one value in MessagePack, whose strings may hold
 * anything; null is false.
 */
export const HEAD: string = /* lua */ String.raw`
local time = redis.call('TIME')
local now_micros = time[1] * 1000000 + time[2]
local op = {} -- what may be called: op[name](arguments...)

-- The moment so many microseconds from now: 18 digits, the seconds since the year 0 and the microseconds.
local function stamp(after)
  local micros = now_micros + after
  local seconds = math.floor(micros / 1000000)
  return string.format('%012d%06d', seconds + 62167219200, micros - seconds * 1000000)
end
local now = stamp(0)

-- Exact where a reply would round a large number.
local function exact(number) return string.format('%d', number) end
`

/** Helpers for records that are kept in a hash, each packed into one field. */
export const TABLES: string = /* lua */ String.raw`
-- By table: tells which of its records are over and not yet removed.
local is_over = {}

local function unpacked(table, packed)
  local ok, record = pcall(cmsgpack.unpack, packed)
  if ok and type(record) == 'table' then return record end
  error({ err = 'DIRDATA ' .. table })
end

local function get(table, id)
  local packed = redis.call('HGET', key[table], id)
  return packed and unpacked(table, packed)
end

`

/** Helpers for scripts that write. All that they write goes through `write`, which keeps in mind that something was. */
export const WRITES: string = /* lua */ String.raw`
local wrote = false
local function write(...)
  local reply = redis.call(...) -- a command that fails has written nothing
  wrote = true
  return reply
end

-- Records of a table that has an index by id.
local function put(table, id, record)
  if write('HSET', key[table], id, cmsgpack.pack(record)) == 1 then
    write('ZADD', key[table .. '_by_id'], 0, id)
  end
end

local function remove(table, id)
  write('HDEL', key[table], id)
  write('ZREM', key[table .. '_by_id'], id)
end
`

/** For an index that has the order of insertion by agent, by status and the like: what its members begin with. */
export const PLACED: string = /* lua */ String.raw`
local function placed(under, number, id) return under .. '\0' .. string.format('%016d', number) .. id end
`

/** For scripts that read: what grows with the store comes in pages. */
export const PAGES: string = /* lua */ String.raw`
local MOST = 1048576

-- Records with their ids, of a megabyte of them, about, those that are wanted; and where to go on, or false at the end.
local function fill(table, ids, positions, next, is_wanted)
  local rows, bytes = {}, 0
  for i, id in ipairs(ids) do
    local packed = redis.call('HGET', key[table], id)
    local record = unpacked(table, packed)
    if not (is_over[table] and is_over[table](record)) and (not is_wanted or is_wanted(record, id)) then rows[#rows + 1] = { id, record } end
    bytes = bytes + #id + #packed
    if bytes >= MOST and i < #ids then return { rows, positions[i] } end
  end
  return { rows, next }
end

-- Members of an index in their order, after one of them ('': from the start); and the last if more may follow.
local function members(index, after, prefix)
  local from = after ~= '' and '(' .. after or prefix and '[' .. prefix .. '\0' or '-'
  local till = prefix and '(' .. prefix .. '\1' or '+'
  local found = redis.call('ZRANGEBYLEX', key[index], from, till, 'LIMIT', 0, 500)
  return found, #found == 500 and found[500]
end

-- Ids in the order of their numbers, after one of those; the numbers; and the last if more may follow.
local function numbered(index, after)
  local found = redis.call('ZRANGE', key[index], '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, 500, 'WITHSCORES')
  local ids, numbers = {}, {}
  for i = 1, #found, 2 do ids[#ids + 1], numbers[#numbers + 1] = found[i], found[i + 1] end
  return ids, numbers, #ids == 500 and numbers[500]
end

-- As numbered, in an index of members that are placed under a text.
local function numbered_under(index, under, after)
  local from = '[' .. placed(under, after + 1, '')
  local found = redis.call('ZRANGEBYLEX', key[index], from, '(' .. under .. '\1', 'LIMIT', 0, 500)
  local ids, numbers = {}, {}
  for i, member in ipairs(found) do
    numbers[i], ids[i] = string.sub(member, #under + 2, #under + 17), string.sub(member, #under + 18)
  end
  return ids, numbers, #ids == 500 and numbers[500]
end

-- table, after an id
function op.export_by_id(table, after)
  local ids, next = members(table .. '_by_id', after)
  return fill(table, ids, ids, next)
end

-- table, after a number
function op.export_by_number(table, after)
  local ids, numbers, next = numbered(table .. '_by_number', after)
  return fill(table, ids, numbers, next)
end
`
