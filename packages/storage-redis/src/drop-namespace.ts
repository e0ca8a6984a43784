import { checkNamespace, storeOptions } from '@dir/storage-core/adapter'
import { SERVER_OPTIONS, checkServer } from './client.ts'
import { RedisConnection } from './connection.ts'
import type { RedisNamespaceOptions } from './options.ts'
import { as } from './protocol.ts'
import { type Script, newScript } from './script.ts'
import { NAMES } from './store.ts'

/** Answers a namespace's id, or nothing, whatever its keys have become. */
const idScript: Script = newScript(
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

const PATIENCE_MS = 5_000

/** Removes every key of a namespace; one that is not there is ignored. Close the handles on it first. */
export async function dropNamespace(options: RedisNamespaceOptions): Promise<void> {
  const { namespace = 'dir_storage', ...server } = storeOptions(options, SERVER_OPTIONS, [
    'namespace',
  ]) as RedisNamespaceOptions
  checkServer(server)
  const connection = new RedisConnection(server, checkNamespace('namespace', namespace), PATIENCE_MS)
  try {
    const deadline = performance.now() + PATIENCE_MS
    const id = as<string>(await connection.repeat(idScript, null, deadline, 'not-applied'))
    await connection.repeat(dropScript, id, deadline, 'unknown')
  } finally {
    await connection.close()
  }
}
