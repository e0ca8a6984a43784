import type { Instant } from '@dir/storage-core'
import { type EventPageFilter, type EventRow, type TimePart, timeParts } from '@dir/storage-core/adapter'
import { MOMENT } from './event-index.ts'
import type { Statements } from './statements.ts'
import { type Row, type SqlValue, StoredRow } from './stored-row.ts'

export const EVENTS = 'decision_audit_events'

/** Each with its agent and its `rowid`, and with what else is asked for. */
export const eventsWith = (
  columns = '',
): string => /* sql */ `SELECT e.id AS "rowid", e.*, a.agent_id${columns}
  FROM decision_audit_events e LEFT JOIN decision_audit_agents a ON a.id = e.id`

export function eventsPage(db: Statements, filter: EventPageFilter): EventRow[] {
  const { between, newestFirst } = filter
  if (between === null) return select(db, filter, null).map(toRow)
  for (let rest = between; ;) {
    let rows: readonly Row[] = []
    for (const part of timeParts(rest, newestFirst)) {
      rows = select(db, filter, part)
      if (rows.length > 0) break
    }
    const last = rows.at(-1)
    if (last === undefined) return []
    const found = rows.map(toRow).filter(({ timestamp, isUnplaced }) => timestamp !== null && !isUnplaced)
    if (found.length > 0) return found
    const place = { timestamp: `${String(last['moment'])}Z`, seq: Number(last['rowid']) }
    rest = newestFirst ? { ...rest, before: place } : { ...rest, after: place }
  }
}

/** The events of a page; `part`: those of a part of a span of time. */
function select(
  db: Statements,
  { dfid, event, agentId, afterSeq, beforeSeq, newestFirst, limit }: EventPageFilter,
  part: TimePart | null,
): readonly Row[] {
  const conditions: string[] = []
  const values: SqlValue[] = []
  const only = (condition: string, ...given: readonly SqlValue[]): void => {
    conditions.push(condition)
    values.push(...given)
  }
  // the names and the plus lead the planner to the index that has this order
  const isByAgent = agentId !== null && dfid === null && part === null
  const seq = isByAgent ? 'a.id' : 'e.id'
  const isSpan = part !== null && 'after' in part
  if (isSpan) only(`${MOMENT} > ? AND ${MOMENT} < ?`, column(part.after), column(part.before))
  else if (part !== null)
    only(`${MOMENT} = ? AND e.id > ? AND e.id < ?`, column(part.moment), part.afterSeq, part.beforeSeq)
  else {
    only(`${seq} > ?`, afterSeq)
    if (beforeSeq !== null) only(`${seq} < ?`, beforeSeq)
  }
  if (agentId !== null) only(isByAgent ? 'a.agent_id = ?' : '+a.agent_id = ?', agentId)
  if (dfid !== null) only('e.dfid = ?', dfid)
  if (event !== null) only('e.event = ?', event)
  const direction = newestFirst ? ' DESC' : ''
  const order = `${isSpan ? `${MOMENT}${direction}, ` : ''}${seq}${direction}`
  return db.page(
    `${eventsWith(`, ${MOMENT} AS moment`)} WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ?`,
    ...values,
    limit,
  )
}

const column = (instant: Instant): string => instant.slice(0, -1)

function toRow(found: Row) {
  const row = new StoredRow(EVENTS, found, true)
  const event = toEvent(row)
  // what was written with an offset stands somewhere else in the order of time
  const isUnplaced = event.timestamp !== null && column(event.timestamp) !== found['moment']
  return { ...event, agentId: row.textOrNull('agent_id'), ...row.trouble, isUnplaced }
}

export function toEvent(row: StoredRow) {
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
