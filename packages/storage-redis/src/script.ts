import { createHash } from 'node:crypto'

/** What one protocol brings to the scripts: the keys it uses, with their types, and its functions in Lua. */
export interface ScriptPart {
  readonly keys: Readonly<Record<string, 'hash' | 'zset' | 'stream'>>
  /** What the functions below call. Texts that several parts have stand once in a script. */
  readonly shared: readonly string[]
  readonly read: readonly string[]
  readonly write: readonly string[]
}

/** A script that is sent whole once; afterwards the server knows it by its SHA-1. */
export interface Script {
  readonly text: string
  readonly sha: string
  /** The names of its KEYS, in order, without the namespace. */
  readonly keys: readonly string[]
}

export type ScriptFlag = 'no-writes' | 'allow-oom'

/**
 * What all scripts begin with. `#!lua` makes the server refuse the whole script, before its first write, when it has no
 * memory left, or its disk failed, or it is a replica. Wrong types are found before the first write, because nothing
 * undoes what a script wrote. Arguments come as one value in MessagePack, whose strings may hold anything; null is false.
 */
const HEAD = /* lua */ String.raw`
local time = redis.call('TIME')
local now_micros = time[1] * 1000000 + time[2]
-- what may be called: op[name](arguments...) reads or writes; refusal[name](arguments...) answers something, the
-- details, where a condition keeps the write from being made
local op, refusal = {}, {}

-- The moment so many microseconds from now: 18 digits, the seconds since the year 0 and the microseconds.
local function stamp(after)
  local micros = now_micros + after
  local seconds = math.floor(micros / 1000000)
  return string.format('%012d%06d', seconds + 62167219200, micros - seconds * 1000000)
end
local now = stamp(0)
`

/** Helpers for records that are kept in a hash, each packed into one field. */
export const TABLES = /* lua */ String.raw`
local function unpacked(table, packed)
  local ok, record = pcall(cmsgpack.unpack, packed)
  if ok and type(record) == 'table' then return record end
  error({ err = 'DIRDATA ' .. table })
end

local function get(table, id)
  local packed = redis.call('HGET', key[table], id)
  return packed and unpacked(table, packed)
end

-- Records of a table that has an index by id.
local function put(table, id, record)
  if redis.call('HSET', key[table], id, cmsgpack.pack(record)) == 1 then
    redis.call('ZADD', key[table .. '_by_id'], 0, id)
  end
end

local function remove(table, id)
  redis.call('HDEL', key[table], id)
  redis.call('ZREM', key[table .. '_by_id'], id)
end
`

/** For scripts that read: a table's records page by page. */
export const EXPORT = /* lua */ String.raw`
-- A megabyte of records, about, with their ids; and where to go on, or false at the end.
local function fill(table, ids, positions)
  local rows, bytes = {}, 0
  for i, id in ipairs(ids) do
    local packed = redis.call('HGET', key[table], id)
    rows[i] = { id, unpacked(table, packed) }
    bytes = bytes + #id + #packed
    if bytes >= 1048576 then return { rows, positions[i] } end
  end
  return { rows, positions[#ids] or false }
end

-- table, after an id
function op.export_by_id(table, after)
  local ids = redis.call('ZRANGEBYLEX', key[table .. '_by_id'], '(' .. after, '+', 'LIMIT', 0, 500)
  return fill(table, ids, ids)
end

-- table, after a number
function op.export_by_number(table, after)
  local index = key[table .. '_by_number']
  local found = redis.call('ZRANGE', index, '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, 500, 'WITHSCORES')
  local ids, numbers = {}, {}
  for i = 1, #found, 2 do ids[#ids + 1], numbers[#numbers + 1] = found[i], found[i + 1] end
  return fill(table, ids, numbers)
end
`

/** Composes a script of the head, what some parts share, functions of theirs, and a body that calls those. */
export function composeScript(
  parts: readonly ScriptPart[],
  lua: readonly string[],
  body: string,
  flag: ScriptFlag | null = null,
): Script {
  const types = Object.assign({}, ...parts.map((part) => part.keys)) as ScriptPart['keys']
  const keys = Object.keys(types)
  const text = [
    flag === null ? '#!lua' : `#!lua flags=${flag}`,
    `local key = { ${keys.map((key, index) => `${key} = KEYS[${index + 1}]`).join(', ')} }`,
    ...Object.entries(types).map(([key, type]) => checkType(key, type)),
    HEAD,
    ...new Set(parts.flatMap((part) => part.shared)),
    ...lua,
    body,
  ].join('\n')
  return newScript(text, keys)
}

export function newScript(text: string, keys: readonly string[]): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex'), keys }
}

function checkType(key: string, type: string): string {
  return `do local found = redis.call('TYPE', key.${key}).ok
  if found ~= '${type}' and found ~= 'none' then return redis.error_reply('WRONGTYPE ${key}') end end`
}
