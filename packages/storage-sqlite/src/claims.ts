// The rows of claims; see idempotency.ts.
import type { IdempotencyExport } from '@dir/storage-core'
import {
  type ClaimPageFilter,
  type ClaimRow,
  type Page,
  formatMicros,
  hostMicros,
} from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { type Row, StoredRow } from './stored-row.ts'
import { isOlder } from './time.ts'

const CLAIMS = 'idempotency_claims'

export function claimOf(db: Statements, key: string): StoredRow | null {
  const row = db.get(/* sql */ `SELECT * FROM idempotency_claims WHERE key = ?`, key)
  return row === undefined ? null : new StoredRow(CLAIMS, row)
}

/** What outlives a claim that ended with a result. */
export const aboutOf = (claim: StoredRow) =>
  [claim.textOrNull('request_hash'), claim.textOrNull('dfid'), claim.textOrNull('step_id')] as const

/** What a record says of the work that was claimed. */
export function workOf(row: StoredRow): Pick<IdempotencyExport, 'dfid' | 'stepId'> {
  const [dfid, stepId] = [row.textOrNull('dfid'), row.textOrNull('step_id')]
  return { ...(dfid === null ? {} : { dfid }), ...(stepId === null ? {} : { stepId }) }
}

export function writeClaim(
  db: Statements,
  key: string,
  token: string | null,
  requestHash: string | null,
  [claimedAt, expiresAt]: readonly [number, number],
  dfid: string | null = null,
  stepId: string | null = null,
): void {
  db.run(
    /* sql */ `INSERT OR REPLACE INTO idempotency_claims (key, token, request_hash, claimed_at, expires_at, dfid, step_id)
      VALUES (?, ?, ?, ?, ?, ?, ?)`,
    key,
    token,
    requestHash,
    claimedAt,
    expiresAt,
    dfid,
    stepId,
  )
}

/** The unfinished claims after a place, by the index that has their order. */
export function claimsPage(
  db: Statements,
  { state, dfid, leastAgeMicros }: ClaimPageFilter,
  cursor: string | null,
): Page<ClaimRow> {
  const [since, key] = cursor === null ? [] : (JSON.parse(cursor) as [string, string])
  const sql = /* sql */ `SELECT * FROM idempotency_claims
      WHERE token IS NOT NULL ${since === undefined ? '' : 'AND (claimed_at, key) > (?, ?)'}
      ORDER BY claimed_at, key LIMIT 500`
  const page = db.page(sql, ...(since === undefined || key === undefined ? [] : [BigInt(since), key]))
  const isOld = isOlder(leastAgeMicros)
  const time = hostMicros()
  const fits = (row: ClaimRow): boolean =>
    (state === null || state === row.state) && (dfid === null || dfid === row.dfid) && isOld(row.since)
  const last = page.at(-1)
  return {
    items: page.map((found) => toClaim(found, time)).filter(fits),
    next: last === undefined ? null : JSON.stringify([String(last['claimed_at']), last['key']]),
  }
}

export function claimToExport(found: Row): IdempotencyExport {
  const row = new StoredRow(CLAIMS, found, true)
  const record = {
    key: row.text('key'),
    resultJson: null,
    requestHash: row.textOrNull('request_hash'),
    createdAt: null,
    claimedAt: formatMicros(row.number('claimed_at')),
  }
  return { type: 'idempotency', ...record, ...workOf(row), ...row.fitness }
}

function toClaim(found: Row, time: number): ClaimRow {
  const row = new StoredRow(CLAIMS, found)
  const until = row.number('expires_at')
  return {
    key: row.text('key'),
    state: until > time ? 'inFlight' : 'ambiguous',
    since: formatMicros(row.number('claimed_at')),
    until: formatMicros(until),
    token: row.text('token'),
    dfid: row.textOrNull('dfid'),
    stepId: row.textOrNull('step_id'),
    requestHash: row.textOrNull('request_hash'),
  }
}
