import { type Operations, type SyncImplementation, nextCount, flowPruning } from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { MemoryState } from './state.ts'
import { now } from './time.ts'

const getCount = ({ counts }: MemoryState, dfid: string): number => counts.get(dfid)?.count ?? 0

function setCount({ counts }: MemoryState, dfid: string, count: number): void {
  counts.set(dfid, { count, updatedAt: now() })
}

export const intentRetry: SyncImplementation<Operations['intentRetry'], MemoryState> = {
  getCount,
  setCount,

  delete({ counts }, dfid) {
    counts.delete(dfid)
  },

  increment(state, dfid) {
    const next = nextCount(getCount(state, dfid))
    setCount(state, dfid, next)
    return next
  },

  pruneFlow: flowPruning<MemoryState>({
    count: ({ counts }, dfid) => Number(counts.get(dfid) !== undefined),
    remove: ({ counts }, dfid) => counts.delete(dfid),
  }),

  exportPage: ({ counts }) =>
    onePage([...counts].map(([dfid, row]) => ({ type: 'retryCount' as const, dfid, ...row }))),

  importPage({ counts }, items) {
    for (const { dfid, count, updatedAt } of items) counts.set(dfid, { count, updatedAt })
  },
}
