import './check-node.ts'
import type { StorageHandle } from '@dir/storage-core'
import { createStorage } from '@dir/storage-core/adapter'
import { RedisDriver } from './driver.ts'
import { type RedisStorageOptions, checkOptions } from './options.ts'

export type { ServerOptions, UserClient } from './client.ts'
export { dropNamespace } from './drop-namespace.ts'
export type { RedisNamespaceOptions, RedisStorageOptions } from './options.ts'
export { redisAcl } from './rights.ts'

/**
 * Storage in Redis 7 or newer, or a Redis Cluster, for any number of processes and machines. The server is reached by
 * `init()`, or by the first call. What an acknowledged write survives is the server's setting: `health()` says it.
 */
export function redisStorage(options: string | RedisStorageOptions): StorageHandle {
  const checked = checkOptions(options)
  return createStorage(new RedisDriver(checked), checked.handle)
}
