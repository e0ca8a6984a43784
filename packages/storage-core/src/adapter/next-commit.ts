import type { CommitQueueOptions } from './commit-queue-options.ts'
import type { QueuedWork } from './queued-work.ts'

/** How much a work takes of a commit; prepares it unless that is done. What cannot be prepared is rejected. */
export function weigh(queued: QueuedWork, prepare: CommitQueueOptions['prepare']): number {
  try {
    queued.weight ??= prepare?.(queued.work) ?? 0
  } catch (error) {
    queued.reject(error)
  }
  return queued.weight ?? 0
}

/** The works at the beginning of those that wait that go into one commit together. */
export function nextCommit(waiting: Iterable<QueuedWork>, options: CommitQueueOptions): QueuedWork[] {
  const { mostWorks = 128, mostBytes = 1024 * 1024, mostWeight = Infinity } = options
  const { aloneBytes = Infinity, leastMs = 0, prepare } = options
  const taken: QueuedWork[] = []
  let [bytes, weight] = [0, 0]
  const soon = performance.now() + leastMs
  for (const queued of waiting) {
    if (queued.work.deadline <= soon) continue // it is given up in a moment
    const isLarge = queued.work.bytes > aloneBytes
    if (taken.length > 0 && (isLarge || taken.length >= mostWorks || bytes >= mostBytes)) break
    weight += weigh(queued, prepare)
    if (queued.isSettled) continue
    if (taken.length > 0 && weight > mostWeight) break
    taken.push(queued)
    bytes += queued.work.bytes
    if (isLarge) break
  }
  return taken
}
