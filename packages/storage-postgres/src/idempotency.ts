import { randomUUID } from 'node:crypto'
import { type IdempotencyOperations, type Implementation, conditionalSteps } from '@dir/storage-core'
import { byKey, importRows } from './page.ts'
import { type PgSession, isStorable, text, textOrNull } from './session.ts'
import { instant, instantOrNull, toTimestampOrNull, utc } from './time.ts'

const VOID_CLAIM = /* sql */ `token = NULL, claimed_at = NULL, expires_at = NULL`

async function get(db: PgSession, key: string): Promise<string | null> {
  const [row] = await db.read(
    /* sql */ `SELECT result FROM ${db.schema}idempotency_cache WHERE key = $1`,
    key,
  )
  return textOrNull(row, 'result')
}

async function complete(db: PgSession, key: string, token: string, resultJson: string): Promise<boolean> {
  if (!isStorable(token)) return false
  const rows = await db.write(
    /* sql */ `UPDATE ${db.schema}idempotency_cache SET result = $3, created_at = clock_timestamp(), ${VOID_CLAIM}
      WHERE key = $1 AND token = $2 RETURNING 1`,
    key,
    token,
    resultJson,
  )
  return rows.length > 0
}

async function abandon(db: PgSession, key: string, token: string): Promise<boolean> {
  if (!isStorable(token)) return false
  const rows = await db.write(
    /* sql */ `DELETE FROM ${db.schema}idempotency_cache WHERE key = $1 AND token = $2 RETURNING 1`,
    key,
    token,
  )
  return rows.length > 0
}

async function isCurrent(db: PgSession, key: string, token: string): Promise<boolean> {
  if (!isStorable(token)) return false
  const rows = await db.read(
    /* sql */ `SELECT 1 FROM ${db.schema}idempotency_cache WHERE key = $1 AND token = $2 FOR UPDATE`,
    key,
    token,
  )
  return rows.length > 0
}

export const idempotency: Implementation<IdempotencyOperations, PgSession> = {
  get,

  async set(db, key, resultJson) {
    await db.write(
      /* sql */ `INSERT INTO ${db.schema}idempotency_cache (key, result, created_at)
        VALUES ($1, $2, clock_timestamp())
        ON CONFLICT (key) DO UPDATE SET result = EXCLUDED.result, created_at = EXCLUDED.created_at,
          request_hash = NULL, ${VOID_CLAIM}
        RETURNING 1`,
      key,
      resultJson,
    )
  },

  async setIfAbsent(db, key, resultJson) {
    const rows = await db.write(
      /* sql */ `INSERT INTO ${db.schema}idempotency_cache AS c (key, result, created_at)
        VALUES ($1, $2, clock_timestamp())
        ON CONFLICT (key) DO UPDATE SET result = EXCLUDED.result, created_at = EXCLUDED.created_at,
            request_hash = NULL, ${VOID_CLAIM}
          WHERE c.result IS NULL
        RETURNING 1`,
      key,
      resultJson,
    )
    if (rows.length > 0) return { stored: true, resultJson }
    // a statement of its own, because the one above cannot see a winner who committed after it began
    const standing = await get(db, key)
    return { stored: false, resultJson: standing ?? resultJson }
  },

  async claim(db, key, token, leaseMicros, requestHash) {
    for (;;) {
      const started = await db.write(
        /* sql */ `INSERT INTO ${db.schema}idempotency_cache (key, request_hash, token, claimed_at, expires_at)
          SELECT $1, $2, $3, now, now + $4 * INTERVAL '1 microsecond' FROM clock_timestamp() AS now
          ON CONFLICT DO NOTHING RETURNING 1`,
        key,
        requestHash,
        token,
        leaseMicros,
      )
      if (started.length > 0) return { state: 'started' }
      const [row] = await db.read(
        /* sql */ `SELECT result, request_hash, token, ${utc('claimed_at')}, ${utc('expires_at')},
            expires_at > clock_timestamp() AS is_running
          FROM ${db.schema}idempotency_cache WHERE key = $1`,
        key,
      )
      if (row === undefined) continue // abandoned between the two statements
      const hash = textOrNull(row, 'request_hash')
      if (hash !== null && requestHash !== null && hash !== requestHash) return { state: 'mismatch' }
      const resultJson = textOrNull(row, 'result')
      if (resultJson !== null) return { state: 'replay', resultJson }
      // our own, whose first answer was lost
      if (row['token'] === token) return { state: 'started' }
      if (row['is_running'] === 't') return { state: 'inFlight', until: instant(row, 'expires_at') }
      return { state: 'ambiguous', since: instant(row, 'claimed_at'), token: text(row, 'token') }
    }
  },

  complete: conditionalSteps(complete, {
    judge: (db, key, token) => isCurrent(db, key, token),
    enact: complete,
  }),

  abandon: conditionalSteps(abandon, { judge: isCurrent, enact: abandon }),

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      table: 'idempotency_cache',
      columns: `key, result, request_hash, ${utc('created_at')}, ${utc('claimed_at')}`,
      key: ['key'],
      large: ['result'],
      toItem: (row) => ({
        type: 'idempotency' as const,
        key: text(row, 'key'),
        resultJson: textOrNull(row, 'result'),
        requestHash: textOrNull(row, 'request_hash'),
        createdAt: instantOrNull(row, 'created_at'),
        claimedAt: instantOrNull(row, 'claimed_at'),
      }),
    }),

  async importPage(db, items) {
    await importRows(
      db,
      'idempotency_cache',
      ['key'],
      items.map(({ key, resultJson, requestHash, createdAt, claimedAt }) => ({
        key,
        result: resultJson,
        request_hash: requestHash,
        created_at: toTimestampOrNull(createdAt),
        // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
        token: claimedAt === null ? null : randomUUID(),
        claimed_at: toTimestampOrNull(claimedAt),
        expires_at: toTimestampOrNull(claimedAt),
      })),
    )
  },
}
