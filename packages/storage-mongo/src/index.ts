import './check-node.ts'
import type { StorageHandle } from '@dir/storage-core'
import { createStorage } from '@dir/storage-core/adapter'
import { MongoDriver } from './driver.ts'
import { type MongoStorageOptions, checkOptions } from './options.ts'

export { dropNamespace } from './drop-namespace.ts'
export type { MongoNamespaceOptions, MongoStorageOptions } from './options.ts'
export { type CollectionSchema, SCHEMA_VERSION, mongoSchema } from './schema.ts'

/**
 * Storage in MongoDB: a replica set, of one node at least, or a sharded cluster. Connects with `init()`, or with the
 * first call. What is acknowledged is in the journal of a majority, whatever the URL says.
 */
export function mongoStorage(options: string | MongoStorageOptions): StorageHandle {
  const checked = checkOptions(options)
  return createStorage(new MongoDriver(checked), checked.handle)
}
