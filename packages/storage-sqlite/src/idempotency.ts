import { randomUUID } from 'node:crypto'
import type { IdempotencyExport } from '@dir/storage-core'
import {
  type Operations,
  type SyncImplementation,
  conditionalWrite,
  formatMicros,
  hostMicros,
  microsOf,
} from '@dir/storage-core/adapter'
import type { SqliteConnection } from './connection.ts'
import { byRowid, exportPage } from './export-page.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { now, toColumn } from './time.ts'

// A claim stands in idempotency_claims. Any write to idempotency_cache, Python's too, removes it by a trigger;
// `complete` puts it back without a token, so that its hash still tells requests apart.
const RESULTS = 'idempotency_cache'
const CLAIMS = 'idempotency_claims'

function get(db: SqliteConnection, key: string): string | null {
  const row = db.get(/* sql */ `SELECT result FROM idempotency_cache WHERE key = ?`, key)
  return row === undefined ? null : new StoredRow(RESULTS, row).json('result')
}

function set(db: SqliteConnection, key: string, resultJson: string, time = now()): void {
  db.run(
    /* sql */ `INSERT OR REPLACE INTO idempotency_cache (key, result, created_at) VALUES (?, ?, ?)`,
    key,
    db.json('idempotency_cache.result', resultJson),
    toColumn(time),
  )
}

function claimOf(db: SqliteConnection, key: string): StoredRow | null {
  const row = db.get(/* sql */ `SELECT * FROM idempotency_claims WHERE key = ?`, key)
  return row === undefined ? null : new StoredRow(CLAIMS, row)
}

function writeClaim(
  db: SqliteConnection,
  key: string,
  token: string | null,
  requestHash: string | null,
  [claimedAt, expiresAt]: readonly [number, number],
): void {
  db.run(
    /* sql */ `INSERT OR REPLACE INTO idempotency_claims (key, token, request_hash, claimed_at, expires_at)
      VALUES (?, ?, ?, ?, ?)`,
    key,
    token,
    requestHash,
    claimedAt,
    expiresAt,
  )
}

const ends = (db: SqliteConnection, key: string, token: string): boolean =>
  claimOf(db, key)?.textOrNull('token') === token

export const idempotency: SyncImplementation<Operations['idempotency'], SqliteConnection> = {
  get,

  set: (db, key, resultJson) => set(db, key, resultJson),

  setIfAbsent(db, key, resultJson) {
    const standing = get(db, key)
    if (standing !== null) return { stored: false, resultJson: standing }
    set(db, key, resultJson)
    return { stored: true, resultJson }
  },

  claim(db, key, token, leaseMicros, requestHash) {
    const claim = claimOf(db, key)
    const hash = claim?.textOrNull('request_hash') ?? null
    if (hash !== null && requestHash !== null && hash !== requestHash) return { state: 'mismatch' }
    const resultJson = get(db, key)
    if (resultJson !== null) return { state: 'replay', resultJson }
    const time = hostMicros()
    const standing = claim?.textOrNull('token') ?? null
    if (claim !== null && standing !== null) {
      const until = claim.number('expires_at')
      if (until > time) return { state: 'inFlight', until: formatMicros(until) }
      return { state: 'ambiguous', since: formatMicros(claim.number('claimed_at')), token: standing }
    }
    writeClaim(db, key, token, requestHash, [time, time + leaseMicros])
    return { state: 'started' }
  },

  complete: conditionalWrite(
    (db: SqliteConnection, key: string, token: string, _resultJson: string) => ends(db, key, token),
    (db, key, _token, resultJson) => {
      const hash = claimOf(db, key)?.textOrNull('request_hash') ?? null
      set(db, key, resultJson)
      if (hash !== null) writeClaim(db, key, null, hash, [hostMicros(), hostMicros()])
      return true
    },
  ),

  abandon: conditionalWrite(ends, (db, key) => {
    db.run(/* sql */ `DELETE FROM idempotency_claims WHERE key = ?`, key)
    return true
  }),

  exportPage: (db, cursor) =>
    exportPage(db, cursor, [
      {
        sql: /* sql */ `SELECT r.rowid AS "rowid", r.*, c.request_hash FROM idempotency_cache r
          LEFT JOIN idempotency_claims c ON c.key = r.key
          WHERE r.rowid > ? ORDER BY r.rowid LIMIT 500`,
        toItem: resultToExport,
      },
      {
        sql: byRowid('(SELECT rowid, * FROM idempotency_claims WHERE token IS NOT NULL)'),
        toItem: claimToExport,
      },
    ]),

  importPage(db, items) {
    for (const { key, resultJson, requestHash, createdAt, claimedAt } of items) {
      if (resultJson !== null) set(db, key, resultJson, createdAt ?? now())
      const since = claimedAt === null ? hostMicros() : microsOf(claimedAt)
      // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
      if (claimedAt !== null || requestHash !== null)
        writeClaim(db, key, claimedAt === null ? null : randomUUID(), requestHash, [since, 0]) // over, whatever the clock of its origin said
    }
  },
}

function resultToExport(found: Row): IdempotencyExport {
  const row = new StoredRow(RESULTS, found, true)
  const record = {
    key: row.text('key'),
    resultJson: row.json('result'),
    requestHash: row.textOrNull('request_hash'),
    createdAt: row.time('created_at'),
    claimedAt: null,
  }
  return { type: 'idempotency', ...record, ...row.fitness }
}

function claimToExport(found: Row): IdempotencyExport {
  const row = new StoredRow(CLAIMS, found, true)
  const record = {
    key: row.text('key'),
    resultJson: null,
    requestHash: row.textOrNull('request_hash'),
    createdAt: null,
    claimedAt: formatMicros(row.number('claimed_at')),
  }
  return { type: 'idempotency', ...record, ...row.fitness }
}
