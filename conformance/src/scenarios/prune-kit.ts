import { setTimeout as sleep } from 'node:timers/promises'
import type { PruneOptions, PruneSummary, StorageHandle, StorageRecord } from '@dir/storage-core'
import { ago, decided, event, move, result, retries, session, timeAt } from './plant.ts'

/** Long before `BEFORE`, and what lies between that and now. */
export const [OLD, LATELY] = [timeAt(0), ago(600)]
export const BEFORE = ago(3_600)

/** One record of each kind that a flow can have when it is over; two events, which begin with `seq`. */
export function flow(dfid: string, seq: number, status = 'DONE'): readonly StorageRecord[] {
  return [
    session(dfid),
    result(`key of ${dfid}`, OLD, { dfid }),
    event(seq, dfid, { timestamp: OLD, agentId: 'agent' }),
    event(seq + 1, dfid, { timestamp: OLD }),
    retries(dfid),
    decided(dfid, OLD),
    move(dfid, 'OPEN', OLD),
    move(dfid, status, OLD),
  ]
}

/** What is removed of `count` of them. */
export function removedOf(count: number): PruneSummary['removed'] {
  return {
    context: count,
    idempotency: count,
    decisionAudit: 2 * count,
    intentRetry: count,
    escalation: count,
    lifecycle: 2 * count,
  }
}

/** The last event of the log, whose flow is always kept. */
export const LAST: StorageRecord = event(1_000_000, 'last')

export function prune(storage: StorageHandle, options: Partial<PruneOptions> = {}): Promise<PruneSummary> {
  return storage.prune({ before: BEFORE, terminal: ['DONE'], keepResultsSec: 0, ...options })
}

/**
 * Prunes in small batches, and does something with each of the flows, in their order: before its batch begins, in the course
 * of it, or when it has ended. @returns both answers.
 */
export function meanwhile<T>(
  storage: StorageHandle,
  flows: readonly string[],
  act: (dfid: string, n: number) => Promise<T>,
): Promise<[PruneSummary, readonly T[]]> {
  const batchSize = 5
  const starts = flows.map(() => Promise.withResolvers<number>())
  const acted = flows.map(async (dfid, n) => {
    const waitMs = await starts[n]?.promise
    if (waitMs !== undefined && waitMs > 0) await sleep(waitMs)
    return act(dfid, n)
  })
  let [batches, since] = [0, performance.now()]
  const onProgress = (): void => {
    const tookMs = performance.now() - since // as long as the rest and the batch that are to come, more or less
    since += tookMs
    batches++
    for (const [n, { resolve }] of starts.slice(0, batchSize * (batches + 1)).entries())
      resolve((tookMs * (n % batchSize)) / (batchSize - 1))
  }
  const pruned = prune(storage, { batchSize, onProgress }).finally(() => {
    for (const { resolve } of starts) resolve(0)
  })
  return Promise.all([pruned, Promise.all(acted)])
}

/** Everything that the store has, each record as a text, without the counters. */
export async function contents(storage: StorageHandle): Promise<readonly string[]> {
  const records = await Array.fromAsync(storage.exportRecords())
  return records.filter(({ type }) => type !== 'counters').map((record) => JSON.stringify(record))
}

/** Whether a record is of a flow, and not of an agent of that name. */
export const isOf = (dfid: string, record: string): boolean =>
  record.includes(`"dfid":"${dfid}"`) || record.startsWith(`{"type":"session","id":"${dfid}"`)
