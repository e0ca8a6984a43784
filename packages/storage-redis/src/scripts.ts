import { PROTOCOLS, type Protocol } from '@dir/storage-core'
import { agentRegistryScript } from './agent-registry.ts'
import { contextScript } from './context.ts'
import { decisionAuditScript } from './decision-audit.ts'
import { escalationScript } from './escalation.ts'
import { idempotencyScript } from './idempotency.ts'
import { intentRetryScript } from './intent-retry.ts'
import { lifecycleScript } from './lifecycle.ts'
import { resourceLockScript } from './resource-lock.ts'
import { sagaScript } from './saga.ts'
import { type Script, type ScriptPart, composeScript, newScript } from './script.ts'

const PARTS: { readonly [P in Protocol]: ScriptPart } = {
  agentRegistry: agentRegistryScript,
  context: contextScript,
  idempotency: idempotencyScript,
  decisionAudit: decisionAuditScript,
  saga: sagaScript,
  resourceLock: resourceLockScript,
  intentRetry: intentRetryScript,
  escalation: escalationScript,
  lifecycle: lifecycleScript,
}

/** `meta` has the schema's version, the counters and the mark of an import; `calls` the last write of each handle. */
const BASE: ScriptPart = { keys: { meta: 'hash', calls: 'hash' }, lua: '' }

export const SCHEMA_VERSION = 1

// ARGV: the function's name, its arguments; answers what it answers.
const CALL = /* lua */ `return op[ARGV[1]](unpack(ARGV, 2)) or false`

// ARGV: the handle, the number of this call of its, until when it may be carried out; then for each piece of work: its
// deadline, how many operations; and for each of those: name, how many arguments, the arguments. Times are in
// microseconds. Answers now, and for each piece of work: DONE and the operations' answers; REFUSED, the position of the
// operation and the details; EXPIRED; or FAILED, how many operations were made or begun, and a message.
const WRITE = /* lua */ String.raw`
local handle, call, till = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
-- A call that arrives twice, because its reply was lost, is answered as it was the first time; one that arrives after a
-- later one of its handle, over a connection thought dead, is not carried out any more.
local last = redis.call('HGET', key.calls, handle)
if last then
  local made, made_till, answers = unpack(cmsgpack.unpack(last))
  if made == call and answers then return { now_micros, answers } end
  if made >= call then return redis.error_reply('DIRCALL this call was made before') end
  till = math.max(till, made_till)
end
local version = redis.call('HGET', key.meta, 'version')
if not version then redis.call('HSET', key.meta, 'version', ${SCHEMA_VERSION})
elseif version ~= '${SCHEMA_VERSION}' then return redis.error_reply('DIRSCHEMA ' .. version) end

local begun
local function carry_out(deadline, names, arguments)
  if now_micros > deadline then return { 'EXPIRED' } end
  judged, begun = {}, 0
  for i, name in ipairs(names) do
    local details = refusal[name] and refusal[name](unpack(arguments[i]))
    if details then return { 'REFUSED', i - 1, details } end
  end
  local answers = {}
  for i, name in ipairs(names) do
    begun = i
    answers[i] = op[name](unpack(arguments[i])) or false
  end
  return { 'DONE', answers }
end

local all, at = {}, 4
while at <= #ARGV do
  local deadline, count, names, arguments = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), {}, {}
  at = at + 2
  for i = 1, count do
    local size = tonumber(ARGV[at + 1])
    names[i], arguments[i] = ARGV[at], { unpack(ARGV, at + 2, at + 1 + size) }
    at = at + 2 + size
  end
  local ok, answer = pcall(carry_out, deadline, names, arguments)
  all[#all + 1] = ok and answer or { 'FAILED', begun, type(answer) == 'table' and answer.err or tostring(answer) }
end
local kept = cmsgpack.pack(all)
redis.call('HSET', key.calls, handle, cmsgpack.pack({ call, till, #kept <= 65536 and all }))
return { now_micros, all }
`

// ARGV: the function's name and its arguments, as for CALL.
const SCHEMA = /* lua */ String.raw`
-- version, '1' to create it; answers the version found and whether an import is unfinished
function op.schema_init(version, create)
  local found = redis.call('HGET', key.meta, 'version')
  if not found and create == '1' then
    found = version
    redis.call('HSET', key.meta, 'version', version)
  end
  local calls = redis.call('HGETALL', key.calls)
  if create == '1' then
    for i = 1, #calls, 2 do
      -- nothing of that handle can be carried out any more
      if cmsgpack.unpack(calls[i + 1])[2] < now_micros then redis.call('HDEL', key.calls, calls[i]) end
    end
  end
  return { found, redis.call('HEXISTS', key.meta, 'importing') }
end

-- answers the counters
function op.schema_counters() return redis.call('HMGET', key.meta, 'events', 'fence') end

-- version; answers whether it was allowed: the store is empty, or an import into it was interrupted
function op.import_begin(version)
  local counters = redis.call('HMGET', key.meta, 'events', 'fence', 'importing')
  local empty = not counters[1] and not counters[2]
  for name, full in pairs(key) do
    if name ~= 'meta' and name ~= 'calls' and redis.call('EXISTS', full) == 1 then empty = false end
  end
  if not empty and not counters[3] then return 0 end
  for name, full in pairs(key) do
    if name ~= 'calls' then redis.call('UNLINK', full) end
  end
  redis.call('HSET', key.meta, 'version', version, 'importing', 1)
  return 1
end

-- the counters
function op.import_finish(events, fence)
  redis.call('HSET', key.meta, 'events', events, 'fence', fence)
  redis.call('HDEL', key.meta, 'importing')
end
`

const ALL: readonly ScriptPart[] = [BASE, ...Object.values(PARTS)]

/** Creates, checks and fills a namespace as a whole. */
export const schemaScript: Script = composeScript([...ALL, { keys: {}, lua: SCHEMA }], CALL)

/** Removes a namespace. What its keys have become does not matter, and memory is not needed. */
export const dropScript: Script = newScript(
  /* lua */ `#!lua flags=allow-oom\nfor _, name in ipairs(KEYS) do redis.call('UNLINK', name) end`,
  schemaScript.keys,
)

/** Tells the server's clock, and reaches the node that has the namespace. */
export const clockScript: Script = composeScript([BASE], 'return now_micros', 'no-writes')

const readScripts = new Map<Protocol, Script>()
const writeScripts = new Map<string, Script>()

/** Runs one function of a protocol that only reads. */
export function readScript(protocol: Protocol): Script {
  let script = readScripts.get(protocol)
  if (script === undefined) {
    const meta: ScriptPart = { keys: { meta: 'hash' }, lua: '' }
    script = composeScript([meta, PARTS[protocol]], CALL, 'no-writes')
    readScripts.set(protocol, script)
  }
  return script
}

/** Carries out writes of some protocols; `frees` if none of them needs memory, so that they run where none is left. */
export function writeScript(protocols: ReadonlySet<Protocol>, frees: boolean): Script {
  const used = PROTOCOLS.filter((protocol) => protocols.has(protocol))
  const name = `${used.join(' ')} ${frees}`
  let script = writeScripts.get(name)
  if (script === undefined) {
    const parts = [BASE, ...used.map((protocol) => PARTS[protocol])]
    script = composeScript(parts, WRITE, frees ? 'allow-oom' : null)
    writeScripts.set(name, script)
  }
  return script
}
