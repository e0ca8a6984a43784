import type { StorageHandle, StorageRecord } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'

const closed = Promise.withResolvers<never>()
closed.promise.catch(() => {})
const updatedAt = '2026-03-01T10:00:00.000000Z'

/** A store whose export comes to its end only when it is closed. */
export const storage: StorageHandle = {
  ...memoryStorage(),
  async *exportRecords(): AsyncGenerator<StorageRecord> {
    // as a connection would, it keeps the process running
    const running = setInterval(() => {}, 60_000)
    yield { type: 'session', id: 'flow', dataJson: '1', updatedAt }
    await closed.promise.finally(() => clearInterval(running))
  },
  async close() {
    closed.reject(new Error('closed'))
  },
}
