import type { QueueEntry, WriteQueue } from '@dir/storage-core'

/** Takes entries as long as they are not too much for one commit. */
export function takeSome(queue: WriteQueue, most: number, maxBytes: number): QueueEntry[] {
  const entries: QueueEntry[] = []
  for (let bytes = 0; entries.length < most && bytes < maxBytes;) {
    const [entry] = queue.take(1)
    if (entry === undefined) break
    entries.push(entry)
    bytes += entry.work.bytes
  }
  return entries
}
