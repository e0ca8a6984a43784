import type { DecisionAuditOperations, EventRow, SyncImplementation } from '@dir/storage-core'
import { type MemoryState, now, onePage } from './state.ts'

export const decisionAudit: SyncImplementation<DecisionAuditOperations, MemoryState> = {
  recordMany(state, events) {
    const timestamp = now()
    for (const event of events) state.events.push({ seq: ++state.seq, timestamp, ...event })
    return events.map((_, index) => state.seq - events.length + index + 1)
  },

  eventsPage({ events }, { dfid, event, afterSeq, limit }) {
    const page: EventRow[] = []
    for (let at = firstAfter(events, afterSeq); at < events.length && page.length < limit; at++) {
      const row = events[at] as EventRow
      if ((dfid === null || row.dfid === dfid) && (event === null || row.event === event))
        page.push({ ...row })
    }
    return page
  },

  exportPage: ({ events }) =>
    onePage(
      events.map(({ error: _, timestamp, detailsJson, ...event }) => {
        return {
          type: 'event' as const,
          ...event,
          timestamp: timestamp ?? now(),
          detailsJson: detailsJson ?? '{}',
        }
      }),
    ),

  importPage({ events }, items) {
    for (const { type: _, unfit: __, ...event } of items) events.push(event)
  },
}

/** The index of the first event after `seq`; after an import there may be gaps. */
function firstAfter(events: MemoryState['events'], seq: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((events[middle]?.seq ?? 0) <= seq) low = middle + 1
    else high = middle
  }
  return low
}
