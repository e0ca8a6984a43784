import { PROTOCOLS, type Protocol } from '@dir/storage-core'
import { WRITES } from './lua.ts'
import { COUNTERS, META, SCHEMA_VERSION } from './meta.ts'
import { PARTS } from './parts.ts'
import { type Script, composeScript } from './script.ts'
import { IMPORT_PAGE } from './transfer.ts'

const BEFORE_WRITES = /* lua */ String.raw`
local judged = {} -- what judging one piece of work has to remember from one operation to the next
local at_end = {} -- functions that are called once everything is carried out
local counters, counted = {}, {} -- how the counters stand, and those of them that have moved
local before = {} -- how those stood that one piece of work has moved

local function count(name, value)
  value = value or counters[name] + 1
  before[name] = before[name] or counters[name]
  counters[name], counted[name] = value, value
  return value
end
`

// ARGV: the store's id after a packed request: the handle, the number of this call of its, until when it may be carried
// out; then the pieces of work, each a deadline and its operations, each a name and the arguments. Times are in
// microseconds. Answers now, and for each piece of work: DONE, the answers of its operations; REFUSED, the position of
// the operation, the details; EXPIRED; FAILED, whether something of it was written, a message; or AGAIN, which is told
// only where the call arrives a second time: the work wrote nothing, and its answer was too large to be kept.
const WRITE = /* lua */ String.raw`
local handle, call, till, works = unpack(cmsgpack.unpack(ARGV[1]))
local found = redis.call('HMGET', key.meta, 'id', 'version', '${COUNTERS.join("', '")}')
if found[1] ~= ARGV[2] then return redis.error_reply('DIRSTORE is another') end
if found[2] ~= '${SCHEMA_VERSION}' then return redis.error_reply('DIRSCHEMA ' .. tostring(found[2])) end
for i, name in ipairs({ '${COUNTERS.join("', '")}' }) do counters[name] = (found[i + 2] or 0) + 0 end

-- A call that arrives twice, because its reply was lost, is answered as it was the first time; one that ended half-way,
-- or arrives after a later one of its handle, over a connection thought dead, is not carried out any more.
local last = redis.call('HGET', key.calls, handle)
if last then
  local made, made_till, answers = unpack(cmsgpack.unpack(last))
  if made == call and answers then return { now_micros, answers } end
  if made >= call then return redis.error_reply('DIRCALL this call was made before') end
  till = math.max(till, made_till)
end

-- The first write of all: from here on the call was made. Handles of which nothing can be carried out any more are
-- forgotten, a few at a time.
write('HSET', key.calls, handle, cmsgpack.pack({ call, till, false }))
write('ZADD', key.calls_by_end, till, handle)
for _, ended in ipairs(redis.call('ZRANGE', key.calls_by_end, '-inf', now_micros - 60000000, 'BYSCORE', 'LIMIT', 0, 4)) do
  if ended ~= handle then
    write('HDEL', key.calls, ended)
    write('ZREM', key.calls_by_end, ended)
  end
end

local function carry_out(deadline, operations)
  if now_micros > deadline then return { 'EXPIRED' } end
  judged = {}
  for i, operation in ipairs(operations) do
    local refuse = refusal[operation[1]]
    local details = refuse and refuse(unpack(operation, 2))
    if details then return { 'REFUSED', i - 1, details } end
  end
  local answers = {}
  for i, operation in ipairs(operations) do answers[i] = op[operation[1]](unpack(operation, 2)) or false end
  return { 'DONE', answers }
end

local function message(thrown) return type(thrown) == 'table' and thrown.err or tostring(thrown) end

local all, kept = {}, {}
for i, work in ipairs(works) do
  wrote, before = false, {}
  local ok, answer = pcall(carry_out, work[1], work[2])
  if not ok and not wrote then
    for name, value in pairs(before) do counters[name], counted[name] = value, value end
  end
  all[i] = ok and answer or { 'FAILED', wrote and 1 or 0, message(answer) }
  kept[i] = (wrote or #cmsgpack.pack(all[i]) <= 4096) and all[i] or { 'AGAIN' }
end
for _, finish in ipairs(at_end) do
  local ok, thrown = pcall(finish)
  if not ok then
    for i in ipairs(works) do all[i], kept[i] = { 'FAILED', 1, message(thrown) }, { 'FAILED', 1, message(thrown) } end
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
write('HSET', key.calls, handle, cmsgpack.pack({ call, till, kept }))
return { now_micros, all }
`

const scripts = new Map<string, Script>()

/** Carries out writes of some protocols; `frees` if none of them needs memory, so that they run where none is left. */
export function writeScript(protocols: ReadonlySet<Protocol>, frees: boolean): Script {
  const used = PROTOCOLS.filter((protocol) => protocols.has(protocol))
  const name = `${used.join(' ')} ${frees}`
  let script = scripts.get(name)
  if (script === undefined) {
    const parts = [META, ...used.map((protocol) => PARTS[protocol])]
    const lua = [BEFORE_WRITES, WRITES, IMPORT_PAGE, ...new Set(parts.flatMap((part) => part.write))]
    script = composeScript(parts, lua, WRITE, frees ? 'allow-oom' : null)
    scripts.set(name, script)
  }
  return script
}
