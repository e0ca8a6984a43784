import './check-node.ts'
import { type StorageHandle, createStorage, timeoutMsOf } from '@dir/storage-core'
import { SqliteDriver } from './driver.ts'
import { type SqliteStorageOptions, checkOptions } from './options.ts'

export { dropNamespace } from './drop-namespace.ts'
export { type DatabaseAccess, ensureDb } from './ensure-db.ts'
export type { SqliteStorageOptions } from './options.ts'
export { SCHEMA_VERSION, sqliteSchema } from './migrations.ts'

/**
 * Storage in one SQLite file, which all processes of a machine may use at the same time. The file is opened by
 * `init()`, or by the first call; nothing is read or written before. What is acknowledged is on the disk.
 */
export function sqliteStorage(options: string | SqliteStorageOptions): StorageHandle {
  const { path, journalMode, handle } = checkOptions(options)
  const timeoutMs = timeoutMsOf(handle)
  return createStorage(new SqliteDriver({ path, journalMode, timeoutMs }), handle)
}
