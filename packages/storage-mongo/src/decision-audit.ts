import type { DecisionAuditOperations, Implementation, NewEvent } from '@dir/storage-core'
import type { Filter } from 'mongodb'
import type { Appender } from './append-queue.ts'
import { replaceAll } from './bulk.ts'
import type { MongoContext } from './mongo-context.ts'
import type { Draft } from './dense-log.ts'
import type { EventDocument } from './documents.ts'
import { exportPage, roughSize } from './export-page.ts'
import { newId } from './ids.ts'
import { hostNow } from './time.ts'

const NAME = 'decision_audit_events'
const PAGE_BYTES = 4 * 1024 * 1024

type EventDraft = Draft<typeof NAME>

function drafts(events: readonly NewEvent[]): EventDraft[] {
  const timestamp = hostNow()
  return events.map((event) => ({ eventId: newId(), timestamp, ...event }))
}

export const auditAppender: Appender<typeof NAME> = {
  draft: ({ work }) => drafts(work.calls[0]?.args[0] as readonly NewEvent[]),
  admit: async (_context, entries) => entries.map(() => true),
  answer: (_entry, _admitted, seqs) => seqs,
}

/** Appends the events of several calls inside a transaction, as its last step. @returns the `seq`s, call by call. */
export async function recordInside(
  context: MongoContext,
  calls: readonly (readonly NewEvent[])[],
): Promise<number[][]> {
  const seqs = await context.connection.audit.appendInside(context, drafts(calls.flat()), async () => {})
  let used = 0
  return calls.map((events) => seqs.slice(used, (used += events.length)))
}

export const decisionAudit: Implementation<DecisionAuditOperations, MongoContext> = {
  async recordMany(context, events) {
    const [seqs = []] = await recordInside(context, [events])
    return seqs
  },

  async eventsPage(context, { dfid, event, afterSeq, limit }) {
    const filter: Filter<EventDocument> = {
      _id: { $gt: afterSeq },
      ...(dfid === null ? {} : { dfid }),
      ...(event === null ? {} : { event }),
    }
    const found = context.collection(NAME).find(filter, context.options).sort({ _id: 1 }).limit(limit)
    const rows = []
    let bytes = 0
    for await (const document of found) {
      const { _id, eventId: _, ...row } = document
      rows.push({ seq: _id, ...row })
      bytes += roughSize(document)
      if (bytes >= PAGE_BYTES) break
    }
    return rows
  },

  exportPage: (context, cursor) =>
    exportPage(context, NAME, '_id', cursor, ({ _id, eventId: _, ...event }) => {
      return { type: 'event', seq: _id, ...event }
    }),

  async importPage(context, items) {
    const documents = items.map(({ type: _, unfit: __, seq, ...event }) => {
      return { _id: seq, eventId: newId(), ...event }
    })
    await replaceAll(context, NAME, documents)
    context.connection.audit.forget()
  },
}
