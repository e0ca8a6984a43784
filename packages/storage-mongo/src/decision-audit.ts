import type { EventExport } from '@dir/storage-core'
import {
  type DecisionAuditReads,
  type DecisionAuditWrites,
  type EventPageFilter,
  type EventRow,
  type Implementation,
  type SyncImplementation,
  type TimePart,
  type Transfer,
  timeParts,
} from '@dir/storage-core/adapter'
import type { Filter } from 'mongodb'
import type { EventDocument } from './documents.ts'
import { exportPage, roughSize } from './export-page.ts'
import { replaceAll } from './import.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { pruningRecords } from './prune.ts'
import { hostNow } from './time.ts'
import { needing } from './writing.ts'

const NAME = 'decision_audit_events'
const PAGE_BYTES = 4 * 1024 * 1024

export const decisionAuditWrites: SyncImplementation<DecisionAuditWrites, LoadedState> = {
  recordMany: needing(
    (wanted) => wanted.log(NAME),
    (state: LoadedState, events) => {
      const timestamp = hostNow()
      return events.map(({ agentId, ...event }) =>
        state.append(NAME, { timestamp, ...event, ...(agentId === null ? {} : { agentId }) }),
      )
    },
  ),

  pruneFlow: pruningRecords(
    NAME,
    ({ latest }, before, { lastEventOf }, dfid) => latest < before && lastEventOf !== dfid,
  ),
}

export const decisionAudit: Implementation<DecisionAuditReads & Transfer<EventExport>, MongoContext> = {
  async eventsPage(context, filter) {
    const { between, afterSeq, beforeSeq, newestFirst } = filter
    if (between === null)
      return readPage(context, filter, {
        _id: { $gt: afterSeq, ...(beforeSeq === null ? {} : { $lt: beforeSeq }) },
      })
    for (const part of timeParts(between, newestFirst)) {
      const rows = await readPage(context, filter, inside(part))
      if (rows.length > 0) return rows
    }
    return []
  },

  exportPage: (context, cursor) =>
    exportPage(context, NAME, ['_id'], cursor, ({ _id, eventId: _, removedAt, ...event }) =>
      removedAt === undefined ? ({ type: 'event', seq: _id, ...event } as const) : null,
    ),

  async importPage(context, items) {
    const documents = items.map(({ type: _, unfit: __, seq, ...event }) => {
      return { _id: seq, ...event }
    })
    await replaceAll(context, NAME, documents)
    context.connection.lasts.clear()
  },
}

/** The events of a page, in the order of an index. */
async function readPage(
  context: MongoContext,
  { dfid, event, agentId, between, newestFirst, limit }: EventPageFilter,
  place: Filter<EventDocument>,
): Promise<EventRow[]> {
  const filter: Filter<EventDocument> = {
    ...place,
    ...(dfid === null ? {} : { dfid }),
    ...(event === null ? {} : { event }),
    ...(agentId === null ? {} : { agentId }),
    removedAt: null as never,
  }
  const direction = newestFirst ? -1 : 1
  // named, because a plan that the server once found quicker, in a smaller store say, may read all events from then on
  const byAgent = agentId !== null && between === null
  const index = dfid !== null ? { hint: 'by_flow' } : byAgent ? { hint: 'by_agent' } : {}
  const documents = context
    .collection(NAME)
    .find(filter, { ...context.options, ...index })
    .sort({ ...(between === null ? {} : { timestamp: direction }), _id: direction })
    .limit(limit)
  const rows: EventRow[] = []
  let bytes = 0
  for await (const document of documents) {
    const { _id, eventId: _, removedAt: __, agentId: agent = null, ...row } = document
    rows.push({ seq: _id, agentId: agent, ...row })
    bytes += roughSize(document)
    if (bytes >= PAGE_BYTES) break
  }
  return rows
}

function inside(part: TimePart): Filter<EventDocument> {
  return 'after' in part
    ? { timestamp: { $gt: part.after, $lt: part.before } }
    : { timestamp: part.moment, _id: { $gt: part.afterSeq, $lt: part.beforeSeq } }
}
