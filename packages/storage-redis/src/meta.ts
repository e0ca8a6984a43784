import type { ScriptPart } from './script.ts'

/** The schema's version, the store's id, the counters and the mark of an import; and the last call of each handle. */
export const META: ScriptPart = {
  keys: { meta: 'hash', calls: 'hash', calls_by_end: 'zset' },
  shared: [],
  read: [],
  write: [],
}

export const SCHEMA_VERSION = 1

/** Numbers that only grow, in `meta`. */
export const COUNTERS: readonly string[] = ['events', 'transitions', 'fence', 'marks', 'tokens', 'requests']

/** A script's body that runs one function. ARGV: its name and arguments, packed; the store's id. */
export const CALL: string = /* lua */ String.raw`
local request = cmsgpack.unpack(ARGV[1])
return op[request[1]](unpack(request, 2)) or false
`
