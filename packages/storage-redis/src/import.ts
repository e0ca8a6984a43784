import { ConflictError } from '@dir/storage-core'
import { type DriverTransfer, importTakenOver } from '@dir/storage-core/adapter'
import { WRITES } from './lua.ts'
import type { Packable } from './msgpack.ts'
import type { Reply } from './protocol.ts'
import { REDIS_PROTOCOLS } from './protocols.ts'
import { CALL, COUNTERS, META, PLACE } from './schema.ts'
import { type Script, composeScript } from './script.ts'

const IMPORT: string = /* lua */ String.raw`
local apart = { ${Object.keys(META.keys)
  .map((name) => `${name} = true`)
  .join(', ')} }

-- ticket; answers whether it was allowed: the store is empty, or an import into it was interrupted. It may arrive twice.
function op.begin(ticket)
  local state = redis.call('HMGET', key.meta, 'events', 'fence', 'importing', 'imported')
  if state[3] == ticket then return 1 end
  local empty = (state[1] or '0') == '0' and (state[2] or '0') == '0' and state[4] ~= ticket
  for name, full in pairs(key) do
    if not apart[name] and name ~= 'transitions' and redis.call('EXISTS', full) == 1 then empty = false end
  end
  -- a stream stays where all of it was pruned
  if redis.call('XRANGE', key.transitions, '-', '+', 'COUNT', 1)[1] then empty = false end
  if not empty and not state[3] then return 0 end
  for name, full in pairs(key) do
    if not apart[name] then write('UNLINK', full) end
  end
  write('HDEL', key.meta, 'imported', '${COUNTERS.join("', '")}')
  write('HSET', key.meta, 'importing', ticket)
  return 1
end

-- ticket, the counters; answers whether it was allowed: this import has not ended, or nothing came after its end
function op.finish(ticket, events, fence)
  local mark = redis.call('HGET', key.meta, 'importing')
  if not mark then return redis.call('HGET', key.meta, 'imported') == ticket and 1 or 0 end
  if mark ~= ticket then return 0 end
  write('HSET', key.meta, 'events', events, 'fence', fence)
  if fence > 0 then write('HSET', key.holds, '', fence) end
  write('HSET', key.meta, 'imported', ticket)
  write('HDEL', key.meta, 'importing')
  return 1
end
`

/** Begins and ends the filling of a namespace. */
export const importScript: Script = composeScript(
  [META, ...Object.values(REDIS_PROTOCOLS).map(({ script }) => script)],
  [PLACE, WRITES, IMPORT],
  CALL,
)

/** The two ends of an import. `run` runs the script, which may run twice; `prepare` has the namespace be there. */
export function importEnds(
  run: (name: string, ...args: readonly Packable[]) => Promise<Reply>,
  prepare: (create: boolean) => Promise<unknown>,
): Pick<DriverTransfer, 'begin' | 'finish'> {
  return {
    begin: async (ticket, create) => {
      await prepare(create)
      if ((await run('begin', String(ticket))) !== 1)
        throw new ConflictError('This store is not empty. Import into a new one, or drop this one first.')
    },
    finish: async (ticket, { seq, fence }) => {
      if ((await run('finish', String(ticket), seq, fence)) !== 1) throw importTakenOver()
    },
  }
}
