import type { Instant, StorageHandle } from '@dir/storage-core'
import { Inconclusive } from '../verdict.ts'

/** From what any store keeps up with to what the slowest does. */
const LENGTHS_SEC = [0.15, 1, 6, 30]

/**
 * Tries with longer and longer leases, until one of them ran for as long as it was needed.
 * @param attempt answers whether its lease did, by the store's own clock
 */
export async function whileLeased(attempt: (leaseSec: number) => Promise<boolean>): Promise<void> {
  for (const leaseSec of LENGTHS_SEC) if (await attempt(leaseSec)) return
  throw new Inconclusive('However long the leases were, they were over before the next call was carried out.')
}

/** The store's own time: that of a hold which is taken now. */
export async function storeTime({ resourceLock }: StorageHandle, id: string): Promise<Instant> {
  await resourceLock.acquireBatch(id, { [id]: 0 }, 5)
  const [hold] = await resourceLock.getHolds({ dfid: id })
  return hold?.acquiredAt ?? ''
}
