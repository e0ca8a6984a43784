import './check-node.ts'
import type { StorageHandle } from '@dir/storage-core'
import { createStorage } from '@dir/storage-core/adapter'
import { PostgresDriver } from './driver.ts'
import { type PostgresStorageOptions, checkOptions } from './options.ts'

export { dropNamespace } from './drop-namespace.ts'
export { postgresGrants } from './grants.ts'
export type { PostgresStorageOptions, PostgresTarget } from './options.ts'
export { postgresSchema } from './migrate.ts'
export { SCHEMA_VERSION } from './schema.ts'

/**
 * Storage in a PostgreSQL schema, which any number of processes and machines may use at the same time. Nothing is
 * connected before `init()` or the first call. What is acknowledged is as durable as the server's settings promise.
 */
export function postgresStorage(options: string | PostgresStorageOptions): StorageHandle {
  const { openPool, namespace, timeoutMs, handle } = checkOptions(options)
  return createStorage(new PostgresDriver(openPool(), namespace, timeoutMs), handle)
}
