import type { EventRow, Operations, SyncImplementation } from '@dir/storage-core/adapter'
import { flowPruning } from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import { firstFrom } from './sorted.ts'
import type { MemoryState } from './state.ts'
import { now } from './time.ts'

export const decisionAudit: SyncImplementation<Operations['decisionAudit'], MemoryState> = {
  recordMany(state, events) {
    const timestamp = now()
    const seqs = events.map((event) => {
      state.events.add({ seq: ++state.seq, timestamp, ...event })
      return state.seq
    })
    for (const tell of state.followers) tell()
    return seqs
  },

  eventsPage({ events }, { dfid, event, afterSeq, beforeSeq, newestFirst, limit }) {
    const candidates = events.rows(dfid)
    const at = (seq: number): number => firstFrom(candidates, (row) => row.seq < seq) // there may be gaps
    const [first, end] = [at(afterSeq + 1), beforeSeq === null ? candidates.length : at(beforeSeq)]
    const page: EventRow[] = []
    for (let left = end - first; left > 0 && page.length < limit; left--) {
      const row = candidates[newestFirst ? first + left - 1 : end - left] as EventRow
      if (events.has(row) && (event === null || row.event === event)) page.push({ ...row })
    }
    return page
  },

  pruneFlow: flowPruning<MemoryState>({
    isOver: ({ events }, dfid, before) =>
      events.last()?.dfid !== dfid &&
      events.rows(dfid).every(({ timestamp }) => timestamp !== null && timestamp < before),
    count: ({ events }, dfid) => events.rows(dfid).length,
    remove: ({ events }, dfid) => events.removeFlow(dfid),
  }),

  exportPage: ({ events }) =>
    onePage(
      events.all().map(({ error: _, timestamp, detailsJson, ...event }) => {
        return {
          type: 'event' as const,
          ...event,
          timestamp: timestamp ?? now(),
          detailsJson: detailsJson ?? '{}',
        }
      }),
    ),

  importPage(state, items) {
    for (const { type: _, unfit: __, ...event } of items) state.events.add(event)
  },
}
