import { randomBytes } from 'node:crypto'
import { SchemaError } from '@dir/storage-core'
import type { RedisConnection } from './connection.ts'
import { migrate } from './migrate.ts'
import type { Packable } from './msgpack.ts'
import { as } from './protocol.ts'
import { REDIS_PROTOCOLS } from './protocols.ts'
import { COUNTERS, META, STEPS, newerSchema } from './schema.ts'
import { type Script, newScript } from './script.ts'

/** All names of keys. */
export const NAMES: readonly string[] = [
  META,
  ...Object.values(REDIS_PROTOCOLS).map(({ script }) => script),
].flatMap(({ keys }) => Object.keys(keys))

// Types are not judged here: a foreign key concerns its protocol only. How far a counter must have come is told by what
// is stored: it lies apart from that, and may have been restored apart.
const STATE = /* lua */ String.raw`
local key = {}
for i, name in ipairs({ '${NAMES.join("', '")}' }) do key[name] = KEYS[i] end

local function last_id(name)
  local about = redis.pcall('XINFO', 'STREAM', key[name]) -- also where the last entry was pruned
  for i = 1, #about, 2 do
    if about[i] == 'last-generated-id' then return string.match(about[i + 1], '%d+') end
  end
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

-- Answers id, version, the package's version that it needs, whether an import is unfinished, which counters are behind, and
-- seq and fence.
local function state(raise)
  local meta = redis.call('HMGET', key.meta, 'id', 'version', 'package', 'importing', '${COUNTERS.join("', '")}')
  local behind = {}
  for i, name in ipairs({ '${COUNTERS.join("', '")}' }) do
    local least = tonumber(stored[name]) or 0
    if (tonumber(meta[i + 4]) or 0) < least then
      behind[#behind + 1] = name
      if raise then raise(name, least) end
    end
  end
  return { meta[1], meta[2], meta[3], meta[4] and 1 or 0, table.concat(behind, ', '), meta[5] or '0', meta[7] or '0' }
end
`

/** Looks at a store, and changes nothing. */
export const lookScript: Script = newScript(`#!lua flags=no-writes\n${STATE}\nreturn state()`, NAMES)

/**
 * Creates a store, if that is wanted, and raises the counters that are behind what is stored; answers as `lookScript`.
 * ARGV, packed: an id for a new store, or nothing; the version of a new store, the only one whose counters are raised.
 */
export const prepareScript: Script = newScript(
  /* lua */ `#!lua flags=allow-oom
local id, version = unpack(cmsgpack.unpack(ARGV[1]))
${STATE}
local found = redis.call('HMGET', key.meta, 'id', 'version')
if id and not found[1] then
  -- what an older version left that dropped the namespace: it did not know of these
  local lists = { events_by_time = 'events', events_by_agent = 'events', flows = 'transitions', flows_by_status = 'transitions', claims_by_time = 'results', results_by_flow = 'results', holds_by_fence = 'holds' }
  for list, records in pairs(lists) do
    if redis.call('EXISTS', key[records]) == 0 then redis.call('UNLINK', key[list]) end
  end
  redis.call('HSET', key.meta, 'version', found[2] or version, 'id', id)
end
if (found[2] or version) == version then
  state(function(name, least) redis.call('HSET', key.meta, name, least) end)
end
return state()`,
  NAMES,
)

/** What a namespace is, as its `meta` has it. */
export interface StoreState {
  /** What tells this store from another of the same name; null: there is none. */
  readonly id: string | null
  readonly version: string | null
  /** The version of the package that is needed for it; empty where the store does not say. */
  readonly needed: string
  readonly importing: boolean
  /** The counters that are behind what is stored, with commas; empty for none. */
  readonly behind: string
  readonly seq: number
  readonly fence: number
}

interface OpenedStore extends StoreState {
  readonly id: string
  /** The counters that were behind, and were raised. */
  readonly raised: string
}

type StateReply = readonly [string | null, string | null, string | null, number, string, string, string]

/** Looks at a namespace, and changes nothing: that needs no memory and no disk. */
export async function lookAtStore(connection: RedisConnection, deadline: number): Promise<StoreState> {
  return stateOf(connection, lookScript, null, deadline)
}

async function stateOf(
  connection: RedisConnection,
  script: Script,
  request: Packable,
  deadline: number,
): Promise<StoreState> {
  const reply = await connection.repeat(script, request, deadline, 'unknown')
  const [id, version, needed, importing, behind, seq, fence] = as<StateReply>(reply)
  const numbers = { seq: Number(seq), fence: Number(fence) }
  return { id, version, needed: needed ?? '', importing: importing === 1, behind, ...numbers }
}

/**
 * Opens a namespace, and with `create` makes it if it is not there, or brings it to the last of `steps`. Counters that are
 * behind what is stored are raised. Writes only where there is something to write, so that a store can be opened where
 * nothing can be written now.
 */
export async function openStore(
  connection: RedisConnection,
  create: boolean,
  deadlineOf: () => number,
  steps = STEPS,
): Promise<OpenedStore> {
  const newest = String(steps.length)
  let state = await lookAtStore(connection, deadlineOf())
  if (create && isOlder(state.version, steps.length)) {
    await migrate(connection, NAMES, steps, deadlineOf)
    state = await lookAtStore(connection, deadlineOf())
  }
  const needsId = state.id === null && (create || state.version !== null)
  const id = needsId ? randomBytes(12).toString('base64') : null
  const raised = state.behind
  if (id !== null || raised !== '')
    state = await stateOf(connection, prepareScript, [id, newest], deadlineOf())
  if (state.version === null || state.id === null)
    throw new SchemaError('There is no such namespace, and init: false creates none.', 'none', newest)
  if (isOlder(state.version, steps.length))
    throw new SchemaError(
      `The namespace has the older schema version ${state.version}, and init: false changes nothing. Open it once without.`,
      state.version,
      newest,
    )
  if (state.version !== newest) throw newerSchema(state.version, state.needed)
  return { ...state, id: state.id, raised }
}

/** A version such as `1>2` is on its way. */
function isOlder(version: string | null, newest: number): boolean {
  const [from, to = from] = (version ?? '').split('>')
  return version !== null && Number(from) < newest && Number(to) <= newest
}
