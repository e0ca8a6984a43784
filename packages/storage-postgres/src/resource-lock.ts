import {
  type Implementation,
  type ResourceLockOperations,
  exportAmount,
  importAmount,
} from '@dir/storage-core'
import { byKey, importRows } from './page.ts'
import { type PgSession, type Row, type SqlValue, number, text } from './session.ts'
import { instant, instantOrNull, toTimestamp, toTimestampOrNull, utc } from './time.ts'

const COLUMNS = `dfid, resource_id, micros, ${utc('acquired_at')}, ${utc('expires_at')}, fence`
const LIVE = '(expires_at IS NULL OR expires_at > clock_timestamp())'

/** The reads; what writes goes through the lock book. */
export const resourceLock: Implementation<
  Omit<ResourceLockOperations, 'acquire' | 'release' | 'renew'>,
  PgSession
> = {
  async getLockedAmount(db, resourceId, excludeDfid) {
    const [row] = await db.read(
      /* sql */ `SELECT coalesce(sum(micros), 0) AS locked FROM ${db.schema}resource_locks
        WHERE resource_id = $1 AND dfid IS DISTINCT FROM $2 AND ${LIVE}`,
      resourceId,
      excludeDfid,
    )
    return number(row, 'locked')
  },

  async getHolds(db, dfid, resourceId) {
    const values: SqlValue[] = []
    let where = LIVE
    for (const [column, value] of [
      ['dfid', dfid],
      ['resource_id', resourceId],
    ] as const)
      if (value !== null) where += ` AND ${column} = $${values.push(value)}`
    const rows = await db.read(
      /* sql */ `SELECT ${COLUMNS} FROM ${db.schema}resource_locks WHERE ${where} ORDER BY fence, dfid, resource_id`,
      ...values,
    )
    return rows.map((row) => ({ ...toHold(row), micros: number(row, 'micros') }))
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      table: 'resource_locks',
      columns: COLUMNS,
      key: ['dfid', 'resource_id'],
      large: [],
      where: LIVE,
      toItem: (row) => ({ type: 'hold' as const, ...toHold(row), ...exportAmount(number(row, 'micros')) }),
    }),

  async importPage(db, items) {
    await importRows(
      db,
      'resource_locks',
      ['dfid', 'resource_id'],
      items.map(({ dfid, resourceId, amount, micros, acquiredAt, expiresAt, fence }) => ({
        dfid,
        resource_id: resourceId,
        micros: importAmount(amount, micros),
        acquired_at: toTimestamp(acquiredAt),
        expires_at: toTimestampOrNull(expiresAt),
        fence,
      })),
    )
  },
}

function toHold(row: Row) {
  return {
    dfid: text(row, 'dfid'),
    resourceId: text(row, 'resource_id'),
    acquiredAt: instant(row, 'acquired_at'),
    expiresAt: instantOrNull(row, 'expires_at'),
    fence: number(row, 'fence'),
  }
}
