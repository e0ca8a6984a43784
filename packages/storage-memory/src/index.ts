import './check-node.ts'
import type { StorageHandle } from '@dir/storage-core'
import { createStorage } from '@dir/storage-core/adapter'
import { memoryDriver } from './driver.ts'
import { type MemoryStorageOptions, checkOptions } from './options.ts'

export { dropNamespace } from './drop-namespace.ts'
export type { MemoryStorageOptions } from './options.ts'

/** Storage in the memory of this process: for tests and examples. It keeps every promise but durability, and ends with the process. */
export function memoryStorage(options: MemoryStorageOptions = {}): StorageHandle {
  const { namespace, ...handle } = checkOptions(options)
  return createStorage(memoryDriver(namespace), handle)
}
