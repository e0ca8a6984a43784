import './check-node.ts'
import { type StorageHandle, isStorageError } from '@dir/storage-core'
import { createStorage, timeoutMsOf } from '@dir/storage-core/adapter'
import { checkTarget } from './backup.ts'
import { SqliteDriver } from './driver.ts'
import { type SqliteStorageOptions, checkOptions } from './options.ts'

export { dropNamespace } from './drop-namespace.ts'
export { type DatabaseAccess, ensureDb } from './ensure-db.ts'
export type { SqliteStorageOptions } from './options.ts'
export { sqliteSchema } from './sqlite-schema.ts'
export { SCHEMA_VERSION } from './schema.ts'

export interface SqliteHandle extends StorageHandle {
  /**
   * Writes a copy of the whole store, as it is at one moment after the writes that this handle was asked for before, to a
   * file that is not there yet, and names it `path` when it is complete and on the disk. Others may write meanwhile; in a
   * rollback journal their commits wait for its end. It takes as long as it takes: `operationTimeoutMs` is for its start
   * only.
   * @throws InvalidArgumentError if something is at `path`, or a log or journal beside it.
   */
  backup(path: string): Promise<void>
}

/**
 * Storage in one SQLite file, which all processes of a machine may use at the same time. The file is opened by
 * `init()`, or by the first call; nothing is read or written before. What is acknowledged is on the disk.
 */
export function sqliteStorage(options: string | SqliteStorageOptions): SqliteHandle {
  const { path, journalMode, handle } = checkOptions(options)
  const timeoutMs = timeoutMsOf(handle)
  const driver = new SqliteDriver({ path, journalMode, timeoutMs })
  const storage = createStorage(driver, handle)
  const backup: SqliteHandle['backup'] = async (to) => {
    try {
      const target = checkTarget(to)
      await storage.init()
      await driver.backup(target)
    } catch (error) {
      if (isStorageError(error)) Object.assign(error, { backend: 'sqlite', operation: 'backup' })
      throw error
    }
  }
  return { ...storage, backup }
}
