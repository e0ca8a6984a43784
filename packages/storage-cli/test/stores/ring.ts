import type { StorageHandle } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'

/** One store of this process, opened anew each time. */
export default (): StorageHandle => memoryStorage({ namespace: 'cli_ring' })
