import type { EventExport } from '@dir/storage-core'
import type { EventPageFilter, Operations, SyncImplementation } from '@dir/storage-core/adapter'
import { IS_MOMENT, MOMENT } from './event-index.ts'
import { isOlderThan, rowsOfFlow } from './prune.ts'
import type { Statements } from './statements.ts'
import { exportPage } from './export-page.ts'
import { type Row, type SqlValue, StoredRow } from './stored-row.ts'
import { now } from './time.ts'

const TABLE = 'decision_audit_events'

const WITH_AGENT = /* sql */ `SELECT e.id AS "rowid", e.*, a.agent_id FROM decision_audit_events e
  LEFT JOIN decision_audit_agents a ON a.id = e.id`

export const decisionAudit: SyncImplementation<Operations['decisionAudit'], Statements> = {
  recordMany(db, events) {
    const timestamp = now()
    return events.map((event) => insert(db, null, { timestamp, ...event }))
  },

  eventsPage(db, filter) {
    const { sql, values } = query(filter)
    return db.page(sql, ...values).map((found) => {
      const row = new StoredRow(TABLE, found, true)
      return { ...toEvent(row), agentId: row.textOrNull('agent_id'), ...row.trouble }
    })
  },

  pruneFlow: rowsOfFlow(TABLE, (db, dfid, before) => {
    const last = db.get(/* sql */ `SELECT dfid FROM decision_audit_events ORDER BY id DESC LIMIT 1`)
    const times = db.all(
      /* sql */ `SELECT DISTINCT timestamp FROM decision_audit_events WHERE dfid = ?`,
      dfid,
    )
    return last?.['dfid'] !== dfid && times.every((row) => isOlderThan(row['timestamp'], before))
  }),

  exportPage: (db, cursor) =>
    exportPage(db, cursor, [
      { sql: `${WITH_AGENT} WHERE e.id > ? ORDER BY e.id LIMIT 500`, toItem: toExport },
    ]),

  importPage(db, items) {
    for (const { seq, ...event } of items) insert(db, seq, event)
  },
}

function query({ dfid, event, agentId, between, afterSeq, beforeSeq, newestFirst, limit }: EventPageFilter) {
  const conditions: string[] = []
  const values: SqlValue[] = []
  const only = (condition: string, ...given: readonly SqlValue[]): void => {
    conditions.push(condition)
    values.push(...given)
  }
  // the names and the plus lead the planner to the index that has this order
  const isByAgent = agentId !== null && dfid === null && between === null
  const seq = isByAgent ? 'a.id' : 'e.id'
  if (between === null) {
    only(`${seq} > ?`, afterSeq)
    if (beforeSeq !== null) only(`${seq} < ?`, beforeSeq)
  } else {
    const after = between.after.timestamp.slice(0, 26)
    const before = between.before.timestamp.slice(0, 26)
    only(`${MOMENT} BETWEEN ? AND ? AND ${IS_MOMENT}`, after, before) // the pairs alone use no index
    only(`(${MOMENT}, e.id) > (?, ?)`, after, between.after.seq)
    only(`(${MOMENT}, e.id) < (?, ?)`, before, between.before.seq)
  }
  if (agentId !== null) only(isByAgent ? 'a.agent_id = ?' : '+a.agent_id = ?', agentId)
  if (dfid !== null) only('e.dfid = ?', dfid)
  if (event !== null) only('e.event = ?', event)
  const order = between === null ? [seq] : [MOMENT, seq]
  const sorted = order.map((column) => (newestFirst ? `${column} DESC` : column)).join(', ')
  const sql = `${WITH_AGENT} WHERE ${conditions.join(' AND ')} ORDER BY ${sorted} LIMIT ?`
  return { sql, values: [...values, limit] }
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
    db.run(
      /* sql */ `INSERT OR REPLACE INTO decision_audit_agents (id, agent_id) VALUES (?, ?)`,
      rowid,
      event.agentId,
    )
  return rowid
}

function toEvent(row: StoredRow) {
  return {
    seq: row.number('id'),
    dfid: row.text('dfid'),
    event: row.text('event'),
    timestamp: row.time('timestamp'),
    stepId: row.text('step_id'),
    state: row.text('state'),
    detailsJson: row.json('detail_json'),
  }
}

function toExport(found: Row): EventExport {
  const row = new StoredRow(TABLE, found, true)
  const agentId = row.textOrNull('agent_id')
  return { type: 'event', ...toEvent(row), ...(agentId === null ? {} : { agentId }), ...row.fitness }
}
