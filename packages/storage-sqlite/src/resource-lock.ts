import {
  type AcquireRequest,
  type Micros,
  type Operations,
  type SyncImplementation,
  conditionalWrite,
  flowPruning,
  formatMicros,
  fromMicros,
  importAmount,
  microsOf,
  noRoom,
} from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { exportPage } from './export-page.ts'
import { COLUMNS, LIVE, holdsPage, toExport, toRow } from './holds.ts'
import { listed } from './listed.ts'
import { getLockedAmount } from './locked-amount.ts'
import { nextFence } from './meta.ts'
import type { SqlValue } from './stored-row.ts'
import { toColumn } from './time.ts'

// resource_locks is the truth for amounts, and all that Python knows. Each hold has a row in resource_lock_leases: its
// fence, its end if it has one, and its exact amount. Triggers make and remove it, and keep each resource's total.
/** How many expired holds are removed at once, so that many of them do not keep the event loop. */
const MOST_EXPIRED = 200

/** The leases that a renewal concerns; takes the flow, the time and the fence or null. */
const RENEWED = /* sql */ `dfid = ? AND expires_at > ? AND fence <= COALESCE(?, fence)`

function removeExpired(db: Statements, resourceId: string): void {
  db.run(
    /* sql */ `DELETE FROM resource_locks WHERE resource_id = ? AND dfid IN
      (SELECT dfid FROM resource_lock_leases WHERE resource_id = ? AND expires_at <= ? LIMIT ${MOST_EXPIRED})`,
    resourceId,
    resourceId,
    db.time(),
  )
}

function write(
  db: Statements,
  dfid: string,
  resourceId: string,
  micros: Micros,
  acquiredAt: string,
  expiresAt: number | null,
  fence: number,
): void {
  db.run(
    /* sql */ `INSERT OR REPLACE INTO resource_locks (dfid, resource_id, amount, acquired_at) VALUES (?, ?, ?, ?)`,
    dfid,
    resourceId,
    fromMicros(micros),
    acquiredAt,
  )
  db.run(
    /* sql */ `UPDATE resource_lock_leases SET expires_at = ?, fence = ?, micros = ? WHERE dfid = ? AND resource_id = ?`,
    expiresAt,
    fence,
    micros,
    dfid,
    resourceId,
  )
}

export const resourceLock: SyncImplementation<Operations['resourceLock'], Statements> = {
  getLockedAmount,

  acquire: conditionalWrite(
    (db: Statements, { dfid, demands }: AcquireRequest): true => {
      for (const demand of demands) {
        const locked = getLockedAmount(db, demand.resourceId, dfid)
        if (locked + demand.micros > demand.capacity) throw noRoom(demand, locked)
      }
      return true
    },
    (db, { dfid, demands, leaseMicros }) => {
      const fence = nextFence(db)
      const expiresAt = leaseMicros === null ? null : db.time() + leaseMicros
      const acquiredAt = toColumn(formatMicros(db.time()))
      for (const { resourceId, micros } of demands) {
        removeExpired(db, resourceId)
        write(db, dfid, resourceId, micros, acquiredAt, expiresAt, fence)
      }
      return { fence, expiresAt: expiresAt === null ? null : formatMicros(expiresAt) }
    },
  ),

  release(db, dfid, fence) {
    if (fence === null) db.run(/* sql */ `DELETE FROM resource_locks WHERE dfid = ?`, dfid)
    else
      db.run(
        /* sql */ `DELETE FROM resource_locks WHERE dfid = ? AND resource_id NOT IN
          (SELECT resource_id FROM resource_lock_leases WHERE dfid = ? AND fence > ?)`,
        dfid,
        dfid,
        fence,
      )
  },

  renew: conditionalWrite(
    (db: Statements, dfid: string, _leaseMicros: number, fence: number | null) =>
      db.get(/* sql */ `SELECT 1 FROM resource_lock_leases WHERE ${RENEWED}`, dfid, db.time(), fence) !==
      undefined,
    (db, dfid, leaseMicros, fence) => {
      const time = db.time()
      db.run(
        /* sql */ `UPDATE resource_lock_leases SET expires_at = ? WHERE ${RENEWED}`,
        time + leaseMicros,
        dfid,
        time,
        fence,
      )
      return true
    },
  ),

  getHolds: listed((db: Statements, dfid: string | null, resourceId: string | null) => {
    const values: SqlValue[] = [db.time()]
    let where = ''
    for (const [column, value] of [
      ['dfid', dfid],
      ['resource_id', resourceId],
    ] as const) {
      if (value === null) continue
      where += ` AND h.${column} = ?`
      values.push(value)
    }
    const sql = /* sql */ `SELECT ${COLUMNS}
        FROM ${LIVE} ${where} ORDER BY l.fence, h.dfid, h.resource_id`
    return { sql, values }
  }, toRow),

  holdsPage,

  pruneFlow: flowPruning<Statements>({
    isOver: (db, dfid) =>
      db.get(
        /* sql */ `SELECT 1 FROM resource_lock_leases WHERE dfid = ? AND COALESCE(expires_at > ?, TRUE)`,
        dfid,
        db.time(),
      ) === undefined,
    // what has expired
    remove: (db, dfid) => void db.run(/* sql */ `DELETE FROM resource_locks WHERE dfid = ?`, dfid),
  }),

  exportPage: (db, cursor) =>
    exportPage(db, cursor, [
      {
        sql: /* sql */ `SELECT h.rowid AS "rowid", ${COLUMNS}
          FROM ${LIVE} AND h.rowid > ? ORDER BY h.rowid LIMIT 500`,
        values: () => [db.time()],
        toItem: toExport,
      },
    ]),

  importPage(db, items) {
    for (const { dfid, resourceId, amount, micros, acquiredAt, expiresAt, fence } of items) {
      const end = expiresAt === null ? null : microsOf(expiresAt)
      write(db, dfid, resourceId, importAmount(amount, micros), toColumn(acquiredAt), end, fence)
    }
  },
}
