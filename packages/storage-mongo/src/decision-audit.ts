import type { EventExport } from '@dir/storage-core'
import type {
  DecisionAuditReads,
  DecisionAuditWrites,
  EventPageFilter,
  Implementation,
  SyncImplementation,
  Transfer,
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
  async eventsPage(context, { dfid, event, agentId, between, afterSeq, beforeSeq, newestFirst, limit }) {
    const filter: Filter<EventDocument> = {
      ...(between === null
        ? { _id: { $gt: afterSeq, ...(beforeSeq === null ? {} : { $lt: beforeSeq }) } }
        : inside(between)),
      ...(dfid === null ? {} : { dfid }),
      ...(event === null ? {} : { event }),
      ...(agentId === null ? {} : { agentId }),
      removedAt: null as never,
    }
    const direction = newestFirst ? -1 : 1
    const found = context
      .collection(NAME)
      .find(filter, context.options)
      .sort({ ...(between === null ? {} : { timestamp: direction }), _id: direction })
      .limit(limit)
    const rows = []
    let bytes = 0
    for await (const document of found) {
      const { _id, eventId: _, removedAt: __, agentId: agent = null, ...row } = document
      rows.push({ seq: _id, agentId: agent, ...row })
      bytes += roughSize(document)
      if (bytes >= PAGE_BYTES) break
    }
    return rows
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

/** Excluded are those of the two moments that stand before the one place, or after the other. */
function inside({ after, before }: NonNullable<EventPageFilter['between']>): Filter<EventDocument> {
  return {
    timestamp: { $gte: after.timestamp, $lte: before.timestamp },
    $nor: [
      { timestamp: after.timestamp, _id: { $lte: after.seq } },
      { timestamp: before.timestamp, _id: { $gte: before.seq } },
    ],
  }
}
