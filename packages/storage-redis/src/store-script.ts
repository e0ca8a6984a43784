import { PROTOCOLS } from '@dir/storage-core'
import { PLACE, WRITES } from './lua.ts'
import { CALL, COUNTERS, META, SCHEMA_VERSION } from './meta.ts'
import { PARTS } from './parts.ts'
import { readScript } from './read-script.ts'
import { type Script, commandsOf, composeScript, missingRights, newScript } from './script.ts'
import { IMPORT } from './transfer.ts'
import { writeScript } from './write-script.ts'

// What concerns a store as a whole. Types are not judged here: a foreign key concerns its protocol only.
const NAMES = Object.keys(Object.assign({}, META.keys, ...PROTOCOLS.map((protocol) => PARTS[protocol].keys)))

/** How far a counter must have come, by what is stored: it lies apart from that, and may have been restored apart. */
const STATE = /* lua */ String.raw`
local key = {}
for i, name in ipairs({ '${NAMES.join("', '")}' }) do key[name] = KEYS[i] end

local function last_id(name)
  local entries = redis.pcall('XREVRANGE', key[name], '+', '-', 'COUNT', 1)
  return entries[1] and string.match(entries[1][1], '%d+')
end
local function last_number(name)
  return redis.pcall('ZRANGE', key[name], -1, -1, 'WITHSCORES')[2]
end
local stored = {
  events = last_id('events'),
  transitions = last_id('transitions'),
  fence = redis.pcall('HGET', key.holds, ''),
  marks = last_number('dirty_by_number'),
  requests = last_number('requests_by_number'),
  tokens = redis.pcall('ZCARD', key.tokens),
}

-- Answers id, version, whether an import is unfinished, whether a counter is behind, and seq and fence.
local function state(raise)
  local meta = redis.call('HMGET', key.meta, 'id', 'version', 'importing', '${COUNTERS.join("', '")}')
  local behind = 0
  for i, name in ipairs({ '${COUNTERS.join("', '")}' }) do
    local least = tonumber(stored[name]) or 0
    if (tonumber(meta[i + 3]) or 0) < least then
      behind = 1
      if raise and meta[2] == '${SCHEMA_VERSION}' then raise(name, least) end
    end
  end
  return { meta[1], meta[2], meta[3] and 1 or 0, behind, meta[4] or '0', meta[6] or '0' }
end
`

/** Looks at a store, and changes nothing. */
export const lookScript: Script = newScript(`#!lua flags=no-writes\n${STATE}\nreturn state()`, NAMES)

/**
 * Creates a store, if that is wanted, and raises the counters that are behind what is stored; answers as `lookScript`.
 * ARGV: an id for a new store, or nothing.
 */
export const prepareScript: Script = newScript(
  /* lua */ `#!lua flags=allow-oom
local id = cmsgpack.unpack(ARGV[1])
${STATE}
local found = redis.call('HMGET', key.meta, 'id', 'version')
if id and not found[1] then
  redis.call('HSET', key.meta, 'version', found[2] or '${SCHEMA_VERSION}', 'id', id)
end
state(function(name, least) redis.call('HSET', key.meta, name, least) end)
return state()`,
  NAMES,
)

/** Begins and ends the filling of a namespace. */
export const importScript: Script = composeScript(
  [META, ...Object.values(PARTS)],
  [PLACE, WRITES, IMPORT],
  CALL,
)

/** Answers a namespace's id, or nothing, whatever its keys have become. */
export const idScript: Script = newScript(
  /* lua */ `#!lua flags=no-writes
local id = redis.pcall('HGET', KEYS[1], 'id')
return type(id) == 'string' and id or ''`,
  ['meta'],
)

/**
 * Removes a namespace while its id is still the one given: the call may arrive late, when there is a new store. What
 * its keys have become does not matter, and memory is not needed.
 */
export const dropScript: Script = newScript(
  /* lua */ `#!lua flags=allow-oom
local id = redis.pcall('HGET', KEYS[1], 'id')
if (type(id) == 'string' and id or '') ~= cmsgpack.unpack(ARGV[1]) then return end
for _, name in ipairs(KEYS) do redis.call('UNLINK', name) end`,
  NAMES,
)

/** What the server says of itself, where the namespace lies. */
export const infoScript: Script = newScript(`#!lua flags=no-writes\nreturn redis.call('INFO')`, ['meta'])

/** The commands of all scripts, beside those that run scripts. */
export const COMMANDS: readonly string[] = commandsOf(
  [
    ...PROTOCOLS.map(readScript),
    writeScript(new Set(PROTOCOLS), false),
    lookScript,
    prepareScript,
    importScript,
    dropScript,
    infoScript,
  ]
    .map((script) => script.text)
    .join('\n'),
)

/** Answers which of those this user may not run. */
export const rightsScript: Script = newScript(
  /* lua */ `#!lua flags=no-writes
${missingRights(COMMANDS)}
for _, name in ipairs({ 'EVAL', 'EVALSHA' }) do
  if not redis.acl_check_cmd(name, '', '1', KEYS[1]) then missing[#missing + 1] = name end
end
return missing`,
  ['meta'],
)
