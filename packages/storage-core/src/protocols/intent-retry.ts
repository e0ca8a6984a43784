import { protocol } from './protocol.ts'
import type { FlowPruning } from './pruning.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import { count, id } from '../rules/validate.ts'

/** How often a flow's intent was rejected. Source: `IntentRetryStorage`. */
export interface IntentRetryStorage {
  /** The count, 0 for an unseen flow. */
  getCount(dfid: string): Promise<number>
  /** Sets the count; the last writer wins. To count without losing others' increments: `increment`. */
  setCount(dfid: string, count: number): Promise<void>
  /** Forgets the count; an unknown flow is ignored. */
  delete(dfid: string): Promise<void>
  /**
   * Adds one, in one step that no other writer can come between.
   * @returns the new count.
   * @throws InvalidArgumentError past 2 147 483 647; nothing changes.
   */
  increment(dfid: string): Promise<number>
}

/** What an adapter reads. */
export interface IntentRetryReads {
  getCount(dfid: string): number
}

/** What an adapter judges and writes. `pruneFlow` removes the count, whatever its age. */
export interface IntentRetryWrites extends FlowPruning {
  setCount(dfid: string, count: number): void
  delete(dfid: string): void
  /** Throws by `nextCount` where the new count would not be an int32. */
  increment(dfid: string): number
}

export interface RetryCountExport extends Exported {
  readonly type: 'retryCount'
  readonly dfid: string
  readonly count: number
  readonly updatedAt: Instant
}

export const intentRetry = protocol<
  IntentRetryStorage,
  IntentRetryReads,
  IntentRetryWrites,
  RetryCountExport
>()({
  methods: (run) => ({
    getCount: (dfid) => run.read('getCount', [id('dfid', dfid)], dfid),
    setCount: (dfid, value) => run.write('setCount', [id('dfid', dfid)], dfid, count('count', value)),
    delete: (dfid) => run.write('delete', [id('dfid', dfid)], dfid),
    increment(dfid) {
      run.needs('increment')
      return run.write('increment', [id('dfid', dfid)], dfid)
    },
  }),
  batch: ['setCount', 'delete', 'increment'],
  hasInitSchema: false,
  prunes: { flow: 'nothing' },
  capabilities: { increment: 'increment' },
  records: { retryCount: { dfid: id, count, updatedAt: canonicalTime } },
  sortedBy: { retryCount: ['dfid'] },
})
