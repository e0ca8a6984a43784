import { randomUUID } from 'node:crypto'
import type { IdempotencyExport } from '@dir/storage-core'
import type { ClaimAnswer, IdempotencyReads, IdempotencyWrites } from '@dir/storage-core/adapter'
import { byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { BY_ID, GIVEN, type PgProtocol } from './protocol.ts'
import { isStorable, text, textOrNull } from './session.ts'
import { instantOrNull, toInstant, toTimestampOrNull, utc, utcText } from './time.ts'

const VOID_CLAIM = /* sql */ `token = NULL, claimed_at = NULL, expires_at = NULL`

/** Stores a result over what is there, or where that fits. */
const SET = (where = ''): string => /* sql */ `
  INSERT INTO idempotency_cache AS cached (key, result, created_at)
  SELECT a->>0, a->>1, clock_timestamp() FROM ${GIVEN}
  ON CONFLICT (key) DO UPDATE SET result = EXCLUDED.result, created_at = EXCLUDED.created_at,
    request_hash = NULL, ${VOID_CLAIM} ${where}`

const IS_OTHERS = /* sql */ `SELECT w, c, NULL FROM ${GIVEN}
  WHERE (SELECT true FROM idempotency_cache WHERE key = a->>0 AND token = a->>1) IS NULL`

/** A token that the server cannot hold is nobody's. */
function tokenText(token: string): string | null {
  return isStorable(token) ? token : null
}

export const idempotency: PgProtocol<IdempotencyReads, IdempotencyWrites, IdempotencyExport> = {
  reads: {
    async get(db, key) {
      const [row] = await db.read(
        /* sql */ `SELECT result FROM ${db.schema}idempotency_cache WHERE key = $1`,
        key,
      )
      return textOrNull(row, 'result')
    },
  },

  writes: {
    set: { write: `${SET()};` },
    setIfAbsent: {
      write: /* sql */ `
        WITH stored AS (${SET('WHERE cached.result IS NULL')} RETURNING key)
        SELECT jsonb_agg(jsonb_build_array(w, c, (SELECT result FROM idempotency_cache WHERE key = a->>0)))
        INTO told FROM ${GIVEN} WHERE a->>0 NOT IN (SELECT key FROM stored);`,
      toAnswer: ([standing], [, resultJson]) =>
        typeof standing === 'string' ? { stored: false, resultJson: standing } : { stored: true, resultJson },
    },
    claim: {
      write: /* sql */ `
        WITH judged AS MATERIALIZED (
          SELECT w, c, a, (
            SELECT CASE WHEN request_hash <> a->>3 THEN '["mismatch"]'
              WHEN result IS NOT NULL THEN jsonb_build_array('replay', result)
              WHEN token = a->>1 THEN '["started"]'
              WHEN expires_at > clock_timestamp() THEN jsonb_build_array('inFlight', ${utcText('expires_at')})
              ELSE jsonb_build_array('ambiguous', ${utcText('claimed_at')}, token) END
            FROM idempotency_cache WHERE key = a->>0
          ) AS answer FROM ${GIVEN}
        ), started AS (
          INSERT INTO idempotency_cache (key, token, claimed_at, expires_at, request_hash)
          SELECT a->>0, a->>1, now, now + (a->>2)::BIGINT * INTERVAL '1 microsecond', a->>3
          FROM judged, clock_timestamp() AS now WHERE answer IS NULL
        )
        SELECT jsonb_agg(jsonb_build_array(w, c, coalesce(answer, '["started"]'))) INTO told FROM judged;`,
      toAnswer: ([answer]) => {
        const [state, about = '', token = ''] = answer as [ClaimAnswer['state'], string?, string?]
        if (state === 'replay') return { state, resultJson: about }
        if (state === 'inFlight') return { state, until: toInstant(about) }
        if (state === 'ambiguous') return { state, since: toInstant(about), token }
        return { state }
      },
    },
    complete: {
      toArgs: ([key, token, resultJson]) => [key, tokenText(token), resultJson],
      judge: IS_OTHERS,
      write: /* sql */ `${BY_ID}
        UPDATE idempotency_cache SET result = by_id->key->>2, created_at = clock_timestamp(), ${VOID_CLAIM}
        WHERE key = ANY(ids) AND token = by_id->key->>1;`,
    },
    abandon: {
      toArgs: ([key, token]) => [key, tokenText(token)],
      judge: IS_OTHERS,
      write: /* sql */ `${BY_ID}
        DELETE FROM idempotency_cache WHERE key = ANY(ids) AND token = by_id->key->>1;`,
    },
  },

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
