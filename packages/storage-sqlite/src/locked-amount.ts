import { MAX_AMOUNT, type Micros, StoredDataError } from '@dir/storage-core'
import type { SqliteConnection } from './connection.ts'

/** The holds that have not expired; takes the time. */
export const LIVE = /* sql */ `resource_locks h LEFT JOIN resource_lock_leases l
  ON l.dfid = h.dfid AND l.resource_id = h.resource_id WHERE (l.expires_at IS NULL OR l.expires_at > ?)`

/**
 * Micro-units, or NULL for an amount that cannot be summed. Ours stand beside, and count while the amount is still the
 * one that they gave. What somebody else wrote is a double: the part after the point is exact, while the product of the
 * whole would be rounded.
 */
export const MICROS = /* sql */ `CASE WHEN h.amount = l.micros / 1000000.0 THEN l.micros
  WHEN typeof(h.amount) IN ('real', 'integer') AND h.amount BETWEEN 0 AND ${MAX_AMOUNT}
  THEN CAST(h.amount AS INTEGER) * 1000000 + CAST(ROUND((h.amount - CAST(h.amount AS INTEGER)) * 1e6) AS INTEGER) END`

export function getLockedAmount(
  db: SqliteConnection,
  resourceId: string,
  excludeDfid: string | null,
): Micros {
  // summed in two parts, because one could exceed 64 bits
  const row = db.get(
    /* sql */ `SELECT COUNT(*) - COUNT(micros) AS unreadable,
        COALESCE(SUM(micros / 1000000) FILTER (WHERE dfid IS NOT ?), 0) AS units,
        COALESCE(SUM(micros % 1000000) FILTER (WHERE dfid IS NOT ?), 0) AS rest
      FROM (SELECT h.dfid, ${MICROS} AS micros FROM ${LIVE} AND h.resource_id = ?)`,
    excludeDfid,
    excludeDfid,
    db.time(),
    resourceId,
  )
  if (row?.['unreadable'] !== 0n) throw new StoredDataError('resource_locks', 'amount', 'cannot be summed')
  const sum = BigInt(row['units'] as bigint) * 1_000_000n + BigInt(row['rest'] as bigint)
  if (sum > BigInt(Number.MAX_SAFE_INTEGER))
    throw new StoredDataError('resource_locks', 'amount', 'adds up to too much')
  return Number(sum)
}
