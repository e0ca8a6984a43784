import {
  type EventRow,
  type Operations,
  type SyncImplementation,
  flowPruning,
  isEventBefore,
} from '@dir/storage-core/adapter'
import type { KeptEvent } from './event-log.ts'
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

  eventsPage({ events }, { dfid, event, agentId, between, afterSeq, beforeSeq, newestFirst, limit }) {
    const inOrder = (): readonly KeptEvent[] =>
      agentId !== null && dfid === null ? events.ofAgent(agentId) : events.rows(dfid)
    const candidates = between === null ? inOrder() : events.byTime()
    const isLow = (row: KeptEvent): boolean =>
      between === null ? row.seq <= afterSeq : !isEventBefore(between.after, row)
    const isBelow = (row: KeptEvent): boolean =>
      between === null ? row.seq < (beforeSeq ?? Infinity) : isEventBefore(row, between.before)
    const first = firstFrom(candidates, isLow) // there may be gaps
    const page: EventRow[] = []
    const end = firstFrom(candidates, isBelow)
    for (let left = end - first; left > 0 && page.length < limit; left--) {
      const row = candidates[newestFirst ? first + left - 1 : end - left] as KeptEvent
      if (!events.has(row) || (event !== null && row.event !== event)) continue
      if ((dfid === null || row.dfid === dfid) && (agentId === null || row.agentId === agentId))
        page.push({ ...row })
    }
    return page
  },

  pruneFlow: flowPruning<MemoryState>({
    isOver: ({ events }, dfid, before) =>
      events.last()?.dfid !== dfid && events.rows(dfid).every(({ timestamp }) => timestamp < before),
    count: ({ events }, dfid) => events.rows(dfid).length,
    remove: ({ events }, dfid) => events.removeFlow(dfid),
  }),

  exportPage: ({ events }) =>
    onePage(
      events.all().map(({ error: _, agentId, detailsJson, ...event }) => {
        return {
          type: 'event' as const,
          ...event,
          ...(agentId === null ? {} : { agentId }),
          detailsJson: detailsJson ?? '{}',
        }
      }),
    ),

  importPage(state, items) {
    for (const { type: _, unfit: __, agentId = null, ...event } of items)
      state.events.add({ agentId, ...event })
  },
}
