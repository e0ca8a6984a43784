import { PROTOCOLS, type Protocol } from '@dir/storage-core'
import { WRITES } from './lua.ts'
import { REDIS_PROTOCOLS } from './protocols.ts'
import { CALL, COUNTERS, META, PLACE, PLACE_OF, SCHEMA_VERSION } from './schema.ts'
import { type Script, composeScript } from './script.ts'

const BEFORE_WRITES = /* lua */ String.raw`
-- by protocol and operation: op writes; refusal answers something, the details, where its condition does not hold
local refusal = {}
local judged = {} -- what judging one piece of work has to remember from one operation to the next
local at_end = {} -- functions that are called once everything is carried out
local counters, counted = {}, {} -- how the counters stand, and those of them that have moved
local before = {} -- how those stood that one piece of work has moved
local AGAIN = { 'AGAIN' } -- thrown where this work, and what comes after it, has to come again

local function count(name, value)
  value = value or counters[name] + 1
  before[name] = before[name] or counters[name]
  counters[name], counted[name] = value, value
  return value
end
`

// ARGV: the store's id after a packed request, which is flat, as tables cost time: the handle, the number of this call of
// its, until when it may be carried out; then the pieces of work, each a deadline, the ticket of an import (null: it is no
// page of one), the size of what follows, and its operations, each protocol, name, number of arguments, arguments. Times
// are in microseconds. Answers now, and as JSON for each piece of work: DONE, the answers of its operations; REFUSED, the
// position of the operation, the details; EXPIRED; TAKEN_OVER, where another import has begun; FAILED, whether something
// of it was written, a message; or AGAIN: it wrote nothing, and is to be sent as new work, because too much had to be done
// before it, or, where the call arrives a second time, its answer was too large to be kept.
const WRITE = /* lua */ String.raw`
local request = cmsgpack.unpack(ARGV[1])
local handle, call, till = unpack(request, 1, 3)
local found = redis.call('HMGET', key.meta, 'id', 'version', '${COUNTERS.join("', '")}')
if found[1] ~= ARGV[2] then return redis.error_reply('DIRSTORE is another') end
if found[2] ~= '${SCHEMA_VERSION}' then
  return redis.error_reply('DIRSCHEMA ' .. tostring(found[2]) .. ' ' .. (redis.call('HGET', key.meta, 'package') or ''))
end
for i, name in ipairs({ '${COUNTERS.join("', '")}' }) do counters[name] = (found[i + 2] or 0) + 0 end

-- A call that arrives twice, because its reply was lost, is answered as it was the first time; one that ended half-way,
-- or arrives after a later one of its handle, over a connection thought dead, is not carried out any more.
local listed = 0
local last = redis.call('HGET', key.calls, handle)
if last then
  local made, made_till, answers, made_listed = unpack(cmsgpack.unpack(last))
  if made == call and answers then return { now_micros, answers } end
  if made >= call then return redis.error_reply('DIRCALL this call was made before') end
  till, listed = math.max(till, made_till), made_listed or 0
end

-- The first write of all: from here on the call was made.
write('HSET', key.calls, handle, cmsgpack.pack({ call, till, false, listed }))

-- Handles of which nothing can be carried out any more are forgotten, a few at a time.
if till > listed + 30000000 then
  listed = till
  write('ZADD', key.calls_by_end, till, handle)
  for _, ended in ipairs(redis.call('ZRANGE', key.calls_by_end, '-inf', now_micros - 90000000, 'BYSCORE', 'LIMIT', 0, 100)) do
    if ended ~= handle then
      write('HDEL', key.calls, ended)
      write('ZREM', key.calls_by_end, ended)
    end
  end
end

-- Carries out the work that begins at a position of the request.
local function carry_out(start)
  local deadline, ticket, last = request[start], request[start + 1], start + 2 + request[start + 2]
  if now_micros > deadline then return { 'EXPIRED' } end
  if ticket and redis.call('HGET', key.meta, 'importing') ~= ticket then return { 'TAKEN_OVER' } end
  judged = {}
  local at, position = start + 3, 0
  while at <= last do
    local refuse, next = refusal[request[at]][request[at + 1]], at + 3 + request[at + 2]
    local details = refuse and refuse(unpack(request, at + 3, next - 1))
    if details then return { 'REFUSED', position, details } end
    at, position = next, position + 1
  end
  local answer = { 'DONE' }
  at = start + 3
  while at <= last do
    local next = at + 3 + request[at + 2]
    local told = op[request[at]][request[at + 1]](unpack(request, at + 3, next - 1))
    at, answer[#answer + 1] = next, told or cjson.null
  end
  return answer
end
local function answer_to(start) return cjson.encode(carry_out(start)) end

local function failed(thrown)
  local message = type(thrown) == 'table' and thrown.err or tostring(thrown)
  return cjson.encode({ 'FAILED', wrote and 1 or 0, message })
end

local again, ok = cjson.encode(AGAIN)
local answers, kept, stopped, start = {}, {}, false, 4
while request[start] do
  local answer = again
  if not stopped then
    wrote, before = false, {}
    ok, answer = pcall(answer_to, start)
    if not ok and not wrote then
      for name, value in pairs(before) do counters[name], counted[name] = value, value end
    end
    stopped = answer == AGAIN
    if not ok then answer = stopped and again or failed(answer) end
  end
  answers[#answers + 1] = answer
  kept[#answers] = (wrote or #answer <= 4096) and answer or again
  start = start + 3 + request[start + 2]
end
for _, finish in ipairs(at_end) do
  local thrown
  wrote, ok, thrown = true, pcall(finish)
  if not ok then
    for i in ipairs(answers) do answers[i], kept[i] = failed(thrown), failed(thrown) end
  end
end

if next(counted) then
  local fields = {}
  for name, value in pairs(counted) do
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  write('HSET', key.meta, unpack(fields))
end
local function together(texts) return '[' .. table.concat(texts, ',') .. ']' end
write('HSET', key.calls, handle, cmsgpack.pack({ call, till, together(kept), listed }))
return { now_micros, together(answers) }
`

function tablesOf(protocols: readonly Protocol[]): string {
  return protocols.map((protocol) => `op.${protocol}, refusal.${protocol} = {}, {}`).join('\n')
}

const scripts = new Map<string, Script>()

/** Carries out writes of some protocols; `needsNoMemory` if none of them needs memory, so that they run where none is left. */
export function writeScript(protocols: ReadonlySet<Protocol>, needsNoMemory: boolean): Script {
  const used = PROTOCOLS.filter((protocol) => protocols.has(protocol))
  const name = `${used.join(' ')} ${needsNoMemory}`
  let script = scripts.get(name)
  if (script === undefined) {
    const parts = [META, ...used.map((protocol) => REDIS_PROTOCOLS[protocol].script)]
    const lua = [BEFORE_WRITES, tablesOf(used), WRITES, ...new Set(parts.flatMap((part) => part.write))]
    script = composeScript(parts, lua, WRITE, needsNoMemory ? 'allow-oom' : null)
    scripts.set(name, script)
  }
  return script
}

/** Runs one function of a protocol that removes what is over. */
export function removalScript(protocol: Protocol): Script {
  const part = REDIS_PROTOCOLS[protocol].script
  const lua = [PLACE, BEFORE_WRITES, tablesOf([protocol]), WRITES, ...part.write]
  return composeScript([PLACE_OF, part], lua, CALL, 'allow-oom')
}
