// The rows of holds.
import type { HoldExport } from '@dir/storage-core'
import {
  type HoldPageFilter,
  type HoldRow,
  type Page,
  exportAmount,
  formatMicros,
} from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { hexOf } from './export-page.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { isOlder } from './time.ts'

const TABLE = 'resource_locks'

export const COLUMNS = 'h.*, l.micros, l.expires_at, l.fence'

/** The holds that have not expired; takes the time. */
export const LIVE = /* sql */ `resource_locks h JOIN resource_lock_leases l
  ON l.dfid = h.dfid AND l.resource_id = h.resource_id WHERE (l.expires_at IS NULL OR l.expires_at > ?)`

/** The first holds after a place, expired ones among them, by the index that has their order. */
export function holdsPage(
  db: Statements,
  { dfid, resourceId, leastAgeMicros }: HoldPageFilter,
  cursor: string | null,
): Page<HoldRow> {
  const [fence, ...ids] = cursor === null ? [] : (JSON.parse(cursor) as [string, string, string])
  const sql = /* sql */ `SELECT ${COLUMNS}, CAST(l.dfid AS BLOB) AS flow, CAST(l.resource_id AS BLOB) AS resource
    FROM resource_lock_leases l
    CROSS JOIN resource_locks h ON h.dfid = l.dfid AND h.resource_id = l.resource_id
    WHERE typeof(l.dfid) = 'text' AND typeof(l.resource_id) = 'text'
      ${fence === undefined ? '' : 'AND (l.fence, l.dfid, l.resource_id) > (?, CAST(? AS TEXT), CAST(? AS TEXT))'}
    ORDER BY l.fence, l.dfid, l.resource_id LIMIT 500`
  const page = db.page(
    sql,
    ...(fence === undefined ? [] : [BigInt(fence), ...ids.map((id) => Buffer.from(id, 'hex'))]),
  )
  const time = db.time()
  const fits = (found: Row): boolean =>
    (dfid === null || found['dfid'] === dfid) &&
    (resourceId === null || found['resource_id'] === resourceId) &&
    (found['expires_at'] === null || Number(found['expires_at']) > time)
  const isOld = isOlder(leastAgeMicros)
  const last = page.at(-1)
  return {
    items: page
      .filter(fits)
      .map(toRow)
      .filter(({ acquiredAt }) => isOld(acquiredAt)),
    next:
      last === undefined
        ? null
        : JSON.stringify([String(last['fence']), hexOf(last['flow']), hexOf(last['resource'])]),
  }
}

function toHold(row: StoredRow, found: Row) {
  return {
    dfid: row.text('dfid'),
    resourceId: row.text('resource_id'),
    acquiredAt: row.time('acquired_at'),
    expiresAt: found['expires_at'] === null ? null : formatMicros(row.number('expires_at')),
    fence: row.number('fence'),
  }
}

export function toRow(found: Row): HoldRow {
  const row = new StoredRow(TABLE, found, true)
  const micros =
    found['micros'] === null ? row.unreadable('amount', 'cannot be summed') : row.number('micros')
  return { ...toHold(row, found), micros, ...row.trouble }
}

export function toExport(found: Row): HoldExport {
  const row = new StoredRow(TABLE, found, true)
  const micros = found['micros'] === null ? null : row.number('micros')
  const record = {
    ...toHold(row, found),
    ...(micros === null ? { amount: row.number('amount') } : exportAmount(micros)),
  }
  return { type: 'hold', ...record, ...row.fitness }
}
