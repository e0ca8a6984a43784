import { type StorageHandle, mixStorage } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { sqliteStorage } from '@dir/storage-sqlite'

/** A function that returns a mix of two backends. */
export default function mixed(): StorageHandle {
  const file = sqliteStorage(':memory:')
  return mixStorage({ default: memoryStorage(), context: file, intentRetry: file, lifecycle: file })
}
