import type { Operations, EventRow, SyncImplementation } from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import { firstFrom } from './sorted.ts'
import type { MemoryState } from './state.ts'
import { now } from './time.ts'

function append({ events, eventsByFlow }: MemoryState, event: EventRow): void {
  events.push(event)
  const flow = eventsByFlow.get(event.dfid)
  if (flow === undefined) eventsByFlow.set(event.dfid, [event])
  else flow.push(event)
}

export const decisionAudit: SyncImplementation<Operations['decisionAudit'], MemoryState> = {
  recordMany(state, events) {
    const timestamp = now()
    return events.map((event) => {
      append(state, { seq: ++state.seq, timestamp, ...event })
      return state.seq
    })
  },

  eventsPage({ events, eventsByFlow }, { dfid, event, afterSeq, limit }) {
    const candidates = dfid === null ? events : (eventsByFlow.get(dfid) ?? [])
    const page: EventRow[] = []
    let index = firstFrom(candidates, afterSeq + 1, ({ seq }) => seq) // after an import there may be gaps
    for (; index < candidates.length && page.length < limit; index++) {
      const row = candidates[index] as EventRow
      if (event === null || row.event === event) page.push({ ...row })
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

  importPage(state, items) {
    for (const { type: _, unfit: __, ...event } of items) append(state, event)
  },
}
