import { StoredDataError } from '@dir/storage-core'
import type { Micros } from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { integer } from './stored-row.ts'

/** A resource's total, less what has expired and what one flow holds itself: it costs the same with any number of holds. */
export function getLockedAmount(db: Statements, resourceId: string, excludeDfid: string | null): Micros {
  const row = db.get(
    /* sql */ `SELECT SUM(unreadable) AS unreadable, SUM(units) AS units, SUM(rest) AS rest FROM (
        SELECT unreadable, units, rest FROM resource_lock_totals WHERE resource_id = ?
        UNION ALL SELECT -(micros IS NULL), -(micros / 1000000), -(micros % 1000000) FROM resource_lock_leases
          WHERE resource_id = ? AND expires_at <= ?
        UNION ALL SELECT 0, -(micros / 1000000), -(micros % 1000000) FROM resource_lock_leases
          WHERE dfid = ? AND resource_id = ? AND (expires_at IS NULL OR expires_at > ?))`,
    resourceId,
    resourceId,
    db.time(),
    excludeDfid,
    resourceId,
    db.time(),
  )
  const sum = integer(row?.['units']) * 1_000_000n + integer(row?.['rest'])
  if (integer(row?.['unreadable']) > 0n)
    throw new StoredDataError('resource_locks', 'amount', 'cannot be summed')
  if (sum > BigInt(Number.MAX_SAFE_INTEGER))
    throw new StoredDataError('resource_locks', 'amount', 'adds up to too much')
  return Number(sum)
}
