import type { EventExport } from '@dir/storage-core'
import type { Operations, SyncImplementation } from '@dir/storage-core/adapter'
import { EVENTS, eventsWith, eventsPage, toEvent } from './events-page.ts'
import { isOlderThan, rowsOfFlow } from './prune.ts'
import type { Statements } from './statements.ts'
import { exportPage } from './export-page.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { now } from './time.ts'

export const decisionAudit: SyncImplementation<Operations['decisionAudit'], Statements> = {
  recordMany(db, events) {
    const timestamp = now()
    return events.map((event) => insert(db, null, { timestamp, ...event }))
  },

  eventsPage,

  pruneFlow: rowsOfFlow(EVENTS, (db, dfid, before) => {
    const last = db.get(/* sql */ `SELECT dfid FROM decision_audit_events ORDER BY id DESC LIMIT 1`)
    const times = db.all(
      /* sql */ `SELECT DISTINCT timestamp FROM decision_audit_events WHERE dfid = ?`,
      dfid,
    )
    return last?.['dfid'] !== dfid && times.every((row) => isOlderThan(row['timestamp'], before))
  }),

  exportPage: (db, cursor) =>
    exportPage(db, cursor, [
      { sql: `${eventsWith()} WHERE e.id > ? ORDER BY e.id LIMIT 500`, toItem: toExport },
    ]),

  importPage(db, items) {
    for (const { seq, ...event } of items) insert(db, seq, event)
  },
}

type Inserted = Omit<EventExport, 'type' | 'seq' | 'agentId'> & { readonly agentId?: string | null }

/** @returns its `seq`; null asks for the next one. */
function insert(db: Statements, seq: number | null, event: Inserted): number {
  const { rowid } = db.run(
    /* sql */ `INSERT OR REPLACE INTO decision_audit_events (id, dfid, event, timestamp, step_id, state, detail_json)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
    seq,
    event.dfid,
    event.event,
    event.timestamp,
    event.stepId,
    event.state,
    db.json('decision_audit_events.detail_json', event.detailsJson),
  )
  if (event.agentId != null)
    db.run(/* sql */ `INSERT INTO decision_audit_agents (id, agent_id) VALUES (?, ?)`, rowid, event.agentId)
  return rowid
}

function toExport(found: Row): EventExport {
  const row = new StoredRow(EVENTS, found, true)
  const agentId = row.textOrNull('agent_id')
  return { type: 'event', ...toEvent(row), ...(agentId === null ? {} : { agentId }), ...row.fitness }
}
