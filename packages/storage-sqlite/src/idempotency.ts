import { randomUUID } from 'node:crypto'
import type { IdempotencyExport } from '@dir/storage-core'
import {
  IMPORTED_UNTIL,
  type Operations,
  type SyncImplementation,
  conditionalWrite,
  flowPruning,
  formatMicros,
  hostMicros,
  microsOf,
} from '@dir/storage-core/adapter'
import { aboutOf, claimOf, claimToExport, claimsPage, workOf, writeClaim } from './claims.ts'
import type { Statements } from './statements.ts'
import { byRowid, exportPage } from './export-page.ts'
import { isOlderThan, oldRows } from './prune.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { now, toColumn } from './time.ts'

// A claim stands in idempotency_claims. Any write to idempotency_cache, Python's too, removes it by a trigger;
// `complete` puts it back without a token, so that its hash still tells requests apart.
const RESULTS = 'idempotency_cache'

function get(db: Statements, key: string): string | null {
  const row = db.get(/* sql */ `SELECT result FROM idempotency_cache WHERE key = ?`, key)
  return row === undefined ? null : new StoredRow(RESULTS, row).json('result')
}

function set(db: Statements, key: string, resultJson: string, time = now()): void {
  db.run(
    /* sql */ `INSERT OR REPLACE INTO idempotency_cache (key, result, created_at) VALUES (?, ?, ?)`,
    key,
    db.json('idempotency_cache.result', resultJson),
    toColumn(time),
  )
}

const isCurrent = (db: Statements, key: string, token: string): boolean =>
  claimOf(db, key)?.textOrNull('token') === token

function found(db: Statements, key: string): string | null {
  if ((claimOf(db, key)?.textOrNull('token') ?? null) !== null) return 'claimed'
  return db.get(/* sql */ `SELECT 1 FROM idempotency_cache WHERE key = ?`, key) === undefined
    ? null
    : 'finished'
}

/** What tells requests apart, and which flow a result belongs to, stays when a claim ends with a result. Its times mean nothing. */
function keepAbout(
  db: Statements,
  key: string,
  about: readonly [string | null, string | null, string | null],
): void {
  const [requestHash, dfid, stepId] = about
  if (about.some((one) => one !== null)) writeClaim(db, key, null, requestHash, [0, 0], dfid, stepId)
}

/** What was claimed for the flow. */
const OF_FLOW = /* sql */ `SELECT c.token, r.created_at FROM idempotency_claims c
  LEFT JOIN idempotency_cache r ON r.key = c.key WHERE c.dfid = ?`

const IS_OF_NOTHING = /* sql */ `NOT EXISTS (SELECT 1 FROM idempotency_claims c
  WHERE c.key = idempotency_cache.key AND c.dfid IS NOT NULL)`

export const idempotency: SyncImplementation<Operations['idempotency'], Statements> = {
  get,

  set: (db, key, resultJson) => set(db, key, resultJson),

  setIfAbsent(db, key, resultJson) {
    const standing = get(db, key)
    if (standing !== null) return { stored: false, resultJson: standing }
    set(db, key, resultJson)
    return { stored: true, resultJson }
  },

  claim(db, key, token, leaseMicros, requestHash, dfid, stepId) {
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
    writeClaim(db, key, token, requestHash, [time, time + leaseMicros], dfid, stepId)
    return { state: 'started' }
  },

  renewClaim: conditionalWrite(
    (db: Statements, key: string, token: string, _leaseMicros: number) => isCurrent(db, key, token),
    (db, key, _token, leaseMicros) => {
      db.run(
        /* sql */ `UPDATE idempotency_claims SET expires_at = ? WHERE key = ?`,
        hostMicros() + leaseMicros,
        key,
      )
      return true
    },
    found,
  ),

  complete: conditionalWrite(
    (db: Statements, key: string, token: string, _resultJson: string) => isCurrent(db, key, token),
    (db, key, _token, resultJson) => {
      const claim = claimOf(db, key)
      set(db, key, resultJson)
      if (claim !== null) keepAbout(db, key, aboutOf(claim))
      return true
    },
    found,
  ),

  abandon: conditionalWrite(
    isCurrent,
    (db, key) => {
      db.run(/* sql */ `DELETE FROM idempotency_claims WHERE key = ?`, key)
      return true
    },
    found,
  ),

  claimsPage,

  pruneFlow: flowPruning<Statements>({
    isOver: (db, dfid, before) =>
      db.all(OF_FLOW, dfid).every((row) => row['token'] === null && isOlderThan(row['created_at'], before)),
    count: (db, dfid) => db.all(OF_FLOW, dfid).length,
    // with a result, a trigger removes what is kept of its claim
    remove: (db, dfid) =>
      void db.run(
        /* sql */ `DELETE FROM idempotency_cache WHERE key IN (SELECT key FROM idempotency_claims WHERE dfid = ?)`,
        dfid,
      ),
  }),

  prunePage: (db, before, kept, cursor, dryRun) =>
    oldRows(db, RESULTS, IS_OF_NOTHING, [before, kept], cursor, dryRun),

  exportPage: (db, cursor) =>
    exportPage(db, cursor, [
      {
        sql: /* sql */ `SELECT r.rowid AS "rowid", r.*, c.request_hash, c.dfid, c.step_id FROM idempotency_cache r
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
    for (const { key, resultJson, requestHash, createdAt, claimedAt, dfid, stepId } of items) {
      if (resultJson !== null) set(db, key, resultJson, createdAt ?? now())
      if (claimedAt === null) keepAbout(db, key, [requestHash, dfid ?? null, stepId ?? null])
      else {
        // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
        const times = [microsOf(claimedAt), microsOf(IMPORTED_UNTIL)] as const
        writeClaim(db, key, randomUUID(), requestHash, times, dfid, stepId)
      }
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
    ...workOf(row),
  }
  return { type: 'idempotency', ...record, ...row.fitness }
}
