import { type ErrorContext, SchemaError } from '@dir/storage-core'
import { INDEX_CLAIMS } from './claims.ts'
import { INDEX_EVENTS } from './decision-audit.ts'
import { INDEX_FLOWS } from './flows.ts'
import { INDEX_BY_FENCE } from './holds.ts'
import { INDEX_BY_AGENT } from './requests.ts'
import type { ScriptPart } from './script.ts'

/** The schema's version, the store's id, the counters and the mark of an import; and the last call of each handle. */
export const META: ScriptPart = {
  keys: { meta: 'hash', calls: 'hash', calls_by_end: 'zset' },
  shared: [],
  read: [],
  write: [],
}

/** All that a reader needs of `META`: each key costs a look at its type. */
export const PLACE_OF: ScriptPart = { ...META, keys: { meta: 'hash' } }

/** What brings a store from one version of the schema to the next. */
export interface Step {
  /** The first version of the package that reads and writes what it makes. */
  readonly package: string
  /**
   * The body of a Lua function of `key` (the names of the keys) and `cursor` ('' at first). It does a page of the work, in a
   * millisecond or so and may do it again, and answers the next cursor, or nothing at the end.
   */
  readonly lua: string
}

/**
 * From nothing to version 1, from 1 to 2, and so on. Stores out there have been through these: a step that was
 * published is never changed, the next one comes after it.
 */
export const STEPS: readonly Step[] = [
  // the keys are made by what is written first
  { package: '0.1.0', lua: '' },
  { package: '0.1.0', lua: INDEX_BY_AGENT },
  { package: '0.1.0', lua: inTurn(INDEX_BY_FENCE, INDEX_CLAIMS, INDEX_FLOWS, INDEX_EVENTS) },
]

/** Several bodies as that of one step, each after the end of the one before it. */
function inTurn(...bodies: readonly string[]): string {
  return /* lua */ String.raw`
local parts = { ${bodies.map((body) => `function(cursor)\n${body}\nend`).join(', ')} }
local at, rest = string.match(cursor, '^(%d+):(.*)$')
at = tonumber(at) or 1
local next = parts[at](rest or '')
if next then return at .. ':' .. next end
return parts[at + 1] and at + 1 .. ':'`
}

/** What this version of the package reads and writes. */
export const SCHEMA_VERSION: number = STEPS.length

/** Numbers that only grow, in `meta`. */
export const COUNTERS: readonly string[] = ['events', 'transitions', 'fence', 'marks', 'tokens', 'requests']

/** For scripts that read: refuses where this is not the store that the handle found, or not its primary any more. */
export const PLACE: string = /* lua */ String.raw`
local found = redis.call('HMGET', key.meta, 'id', 'version', 'package')
if found[1] ~= ARGV[2] then return redis.error_reply('DIRSTORE is another') end
if found[2] ~= '${SCHEMA_VERSION}' then
  return redis.error_reply('DIRSCHEMA ' .. tostring(found[2]) .. ' ' .. (found[3] or ''))
end
if not string.find(redis.call('INFO', 'replication'), 'role:master', 1, true) then
  return redis.error_reply('DIRROLE is replica')
end
`

/** A script's body that runs one function. ARGV: its name and arguments, packed; the store's id. */
export const CALL: string = /* lua */ String.raw`
local request = cmsgpack.unpack(ARGV[1])
return op[request[1]](unpack(request, 2)) or false
`

export function otherStore(context?: ErrorContext): SchemaError {
  return new SchemaError(
    'This is not the store that the handle was opened on: it was dropped, the server lost its data, or the address leads to another server. Look which, then open a new handle.',
    'another store, or none',
    'the store of this handle',
    context,
  )
}

/** `needed`: the version of the package that the store names; empty where it names none. */
export function newerSchema(found: string, needed: string, context?: ErrorContext): SchemaError {
  const update = needed === '' ? 'Update the package' : `Update @dir/storage-redis to ${needed} or newer`
  return new SchemaError(
    `The namespace has schema version ${found}, which this version of the package does not know. ${update}.`,
    found,
    String(SCHEMA_VERSION),
    context,
  )
}
