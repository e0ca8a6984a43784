import type { StorageHandle } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'

export const storage: StorageHandle = memoryStorage()
