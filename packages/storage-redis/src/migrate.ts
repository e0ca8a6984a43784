import type { RedisConnection } from './connection.ts'
import type { Step } from './schema.ts'
import { type Script, newScript } from './script.ts'

/**
 * Brings a store to the last of `steps`, page by page. It may be interrupted, and any number of processes may do it at
 * once: each page goes on where the last one ended, whoever ran that. Meanwhile the version is such as `1>2`, which no handle
 * reads or writes. `names`: the names of all keys.
 */
export async function migrate(
  connection: RedisConnection,
  names: readonly string[],
  steps: readonly Step[],
  deadlineOf: () => number,
): Promise<void> {
  for (const [from, step] of steps.entries()) {
    const script = from > 0 && pageScript(names, step, from)
    while (script && (await connection.repeat(script, null, deadlineOf(), 'unknown')) === 'more');
  }
}

function pageScript(names: readonly string[], step: Step, from: number): Script {
  const between = `${from}>${from + 1}`
  return newScript(
    /* lua */ `#!lua
local key = {}
for i, name in ipairs({ '${names.join("', '")}' }) do key[name] = KEYS[i] end
local version, cursor = unpack(redis.call('HMGET', key.meta, 'version', 'step'))
if version ~= '${from}' and version ~= '${between}' then return 'done' end
local function page(key, cursor)
${step.lua}
end
local next = page(key, cursor or '')
if next then
  redis.call('HSET', key.meta, 'version', '${between}', 'step', next)
  return 'more'
end
redis.call('HSET', key.meta, 'version', '${from + 1}', 'package', '${step.package}')
redis.call('HDEL', key.meta, 'step')
return 'done'`,
    names,
  )
}
