import { PROTOCOLS, type Protocol } from '@dir/storage-core'
import { agentRegistryScript } from './agent-registry.ts'
import { contextScript } from './context.ts'
import { decisionAuditScript } from './decision-audit.ts'
import { escalationScript } from './escalation.ts'
import { idempotencyScript } from './idempotency.ts'
import { intentRetryScript } from './intent-retry.ts'
import { lifecycleScript } from './lifecycle.ts'
import { resourceLockScript } from './resource-lock-script.ts'
import { sagaScript } from './saga.ts'
import { type Script, type ScriptPart, composeScript, newScript, EXPORT } from './script.ts'
import { IMPORT, IMPORT_PAGE } from './transfer.ts'

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

/** The schema's version, the counters, the mark of an import, and the last call of each handle. */
const META: ScriptPart = { keys: { meta: 'hash' }, shared: [], read: [], write: [] }

export const SCHEMA_VERSION = 1

// ARGV: a function's name and its arguments; answers what it answers.
const CALL = /* lua */ String.raw`
local request = cmsgpack.unpack(ARGV[1])
return op[request[1]](unpack(request, 2)) or false
`

/** Numbers that only grow, in `meta`. */
const COUNTERS = ['events', 'transitions', 'fence', 'marks', 'tokens', 'requests']

const BEFORE_WRITES = /* lua */ String.raw`
local judged = {} -- what judging one piece of work has to remember from one operation to the next
local at_end = {} -- functions that are called once everything is carried out
local counters, counted = {}, {} -- how the counters stand, and those of them that have moved

local function count(name, value)
  value = value or counters[name] + 1
  counters[name], counted[name] = value, value
  return value
end
`

// ARGV: the handle, the number of this call of its, until when it may be carried out; then the pieces of work, each a
// deadline and its operations, each a name and the arguments. Times are in microseconds. Answers now, and for each
// piece of work: DONE, the answers of its operations; REFUSED, the position of the operation, the details; EXPIRED; or
// FAILED, how many operations were made or begun, a message.
const WRITE = /* lua */ String.raw`
local handle, call, till, works = unpack(cmsgpack.unpack(ARGV[1]))
local call_of_handle = 'call:' .. handle
local found = redis.call('HMGET', key.meta, 'version', call_of_handle, '${COUNTERS.join("', '")}')
for i, name in ipairs({ '${COUNTERS.join("', '")}' }) do counters[name] = (found[i + 2] or 0) + 0 end

-- A call that arrives twice, because its reply was lost, is answered as it was the first time; one that arrives after a
-- later one of its handle, over a connection thought dead, is not carried out any more.
if found[2] then
  local made, made_till, answers = unpack(cmsgpack.unpack(found[2]))
  if made == call and answers then return { now_micros, cmsgpack.unpack(answers) } end
  if made >= call then return redis.error_reply('DIRCALL this call was made before') end
  till = math.max(till, made_till)
end
if not found[1] then redis.call('HSET', key.meta, 'version', '${SCHEMA_VERSION}')
elseif found[1] ~= '${SCHEMA_VERSION}' then return redis.error_reply('DIRSCHEMA ' .. found[1]) end

local begun
local function carry_out(deadline, operations)
  if now_micros > deadline then return { 'EXPIRED' } end
  judged, begun = {}, 0
  for i, operation in ipairs(operations) do
    local refuse = refusal[operation[1]]
    local details = refuse and refuse(unpack(operation, 2))
    if details then return { 'REFUSED', i - 1, details } end
  end
  local answers = {}
  for i, operation in ipairs(operations) do
    begun = i
    answers[i] = op[operation[1]](unpack(operation, 2)) or false
  end
  return { 'DONE', answers }
end

local all = {}
for i, work in ipairs(works) do
  local ok, answer = pcall(carry_out, work[1], work[2])
  all[i] = ok and answer or { 'FAILED', begun, type(answer) == 'table' and answer.err or tostring(answer) }
end
for _, finish in ipairs(at_end) do finish() end

local kept = cmsgpack.pack(all)
local fields = { call_of_handle, cmsgpack.pack({ call, till, #kept <= 65536 and kept }) }
for name, value in pairs(counted) do
  fields[#fields + 1] = name
  fields[#fields + 1] = value
end
redis.call('HSET', key.meta, unpack(fields))
return { now_micros, all }
`

// Both are called as CALL says.
const SCHEMA = /* lua */ String.raw`
-- version, whether to create it; answers the version found and whether an import is unfinished
function op.schema_init(version, create)
  local found = redis.call('HGET', key.meta, 'version')
  if create and (not found or found == version) then
    found = version
    redis.call('HSET', key.meta, 'version', version)
    local meta = redis.call('HGETALL', key.meta)
    for i = 1, #meta, 2 do
      -- a handle of which nothing can be carried out any more
      if string.sub(meta[i], 1, 5) == 'call:' and cmsgpack.unpack(meta[i + 1])[2] < now_micros then
        redis.call('HDEL', key.meta, meta[i])
      end
    end
  end
  return { found, redis.call('HEXISTS', key.meta, 'importing') }
end

-- answers the counters
function op.schema_counters() return redis.call('HMGET', key.meta, 'events', 'fence') end
`

const ALL: readonly ScriptPart[] = [META, ...Object.values(PARTS)]

/** Creates a namespace, or looks whether it is there and how far it has counted. */
export const schemaScript: Script = composeScript([META], [SCHEMA], CALL)

/** Begins and ends the filling of a namespace. */
export const importScript: Script = composeScript(ALL, [IMPORT], CALL)

/** Removes a namespace. What its keys have become does not matter, and memory is not needed. */
export const dropScript: Script = newScript(
  /* lua */ `#!lua flags=allow-oom\nfor _, name in ipairs(KEYS) do redis.call('UNLINK', name) end`,
  importScript.keys,
)

/** Tells the server's clock, and reaches the node that has the namespace. */
export const clockScript: Script = composeScript([META], [], 'return now_micros', 'no-writes')

const readScripts = new Map<Protocol, Script>()
const writeScripts = new Map<string, Script>()

/** Runs one function of a protocol that only reads. */
export function readScript(protocol: Protocol): Script {
  let script = readScripts.get(protocol)
  if (script === undefined) {
    script = composeScript([PARTS[protocol]], [EXPORT, ...PARTS[protocol].read], CALL, 'no-writes')
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
    const parts = [META, ...used.map((protocol) => PARTS[protocol])]
    const lua = [BEFORE_WRITES, IMPORT_PAGE, ...new Set(parts.flatMap((part) => part.write))]
    script = composeScript(parts, lua, WRITE, frees ? 'allow-oom' : null)
    writeScripts.set(name, script)
  }
  return script
}
