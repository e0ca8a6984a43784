import { randomUUID } from 'node:crypto'
import type { IdempotencyExport } from '@dir/storage-core'
import {
  type ClaimAnswer,
  IMPORTED_UNTIL,
  type IdempotencyReads,
  type IdempotencyWrites,
} from '@dir/storage-core/adapter'
import { byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { BY_ID, GIVEN, type PgProtocol, isNotOwn } from './protocol.ts'
import { beforeOf, judging, pruningPages, removing } from './prune.ts'
import { type SqlValue, isStorable, text, textOrNull } from './session.ts'
import {
  instant,
  instantOrNull,
  isOlder,
  toInstant,
  toTimestamp,
  toTimestampOrNull,
  utc,
  utcText,
} from './time.ts'

const VOID_CLAIM = 'token = NULL, claimed_at = NULL, expires_at = NULL'

/** Stores a result over what is there, or where that fits. */
const SET = (where = ''): string => /* sql */ `
  INSERT INTO idempotency_cache AS cached (key, result, created_at)
  SELECT a->>0, a->>1, clock_timestamp() FROM ${GIVEN}
  ON CONFLICT (key) DO UPDATE SET result = EXCLUDED.result, created_at = EXCLUDED.created_at,
    request_hash = NULL, dfid = NULL, step_id = NULL, ${VOID_CLAIM} ${where}`

const IS_OTHERS = isNotOwn(/* sql */ `
  SELECT CASE WHEN token = a->>1 THEN 'own' WHEN token IS NULL THEN 'finished' ELSE 'claimed' END
  FROM idempotency_cache WHERE key = a->>0`)

const isOldResult = (before: string): string => `token IS NULL AND created_at < ${before}`

/** By one moment for the whole page: a claim is never told as what its filter leaves out. */
const IS_IN_FLIGHT = 'expires_at > statement_timestamp()'

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

    claimsPage(db, { state, dfid, leastAgeMicros }, cursor) {
      const values: SqlValue[] = []
      const isFlows = dfid === null ? 'true' : `dfid = $${values.push(dfid)}`
      const isInState = state === null ? 'true' : `(${IS_IN_FLIGHT}) = ${state === 'inFlight'}`
      return byKey(db, cursor, {
        table: 'idempotency_cache',
        columns: `key, token, request_hash, dfid, step_id, ${utc('claimed_at')}, ${utc('expires_at')},
          (${IS_IN_FLIGHT})::TEXT AS is_in_flight`,
        key: ['claimed_at', 'key'],
        large: [],
        where: 'token IS NOT NULL',
        fits: `${isFlows} AND ${isInState} AND ${isOlder('claimed_at', leastAgeMicros, values)}`,
        values,
        place: (row) => [toTimestamp(instant(row, 'claimed_at')), text(row, 'key')],
        toItem: (row) => ({
          key: text(row, 'key'),
          state: row['is_in_flight'] === 'true' ? 'inFlight' : 'ambiguous',
          since: instant(row, 'claimed_at'),
          until: instant(row, 'expires_at'),
          token: text(row, 'token'),
          dfid: textOrNull(row, 'dfid'),
          stepId: textOrNull(row, 'step_id'),
          requestHash: textOrNull(row, 'request_hash'),
        }),
      })
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
          INSERT INTO idempotency_cache (key, token, claimed_at, expires_at, request_hash, dfid, step_id)
          SELECT a->>0, a->>1, now, now + (a->>2)::BIGINT * INTERVAL '1 microsecond', a->>3, a->>4, a->>5
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
    renewClaim: {
      toArgs: ([key, token, leaseMicros]) => [key, tokenText(token), leaseMicros],
      judge: IS_OTHERS,
      write: /* sql */ `${BY_ID}
        UPDATE idempotency_cache
        SET expires_at = clock_timestamp() + (by_id->key->>2)::BIGINT * INTERVAL '1 microsecond'
        WHERE key = ANY(ids) AND token = by_id->key->>1;`,
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
    // not under the keys' own locks, which are not known: rows are locked, and one that somebody else is writing is not old
    pruneFlow: {
      ...judging(/* sql */ `(SELECT count(*) FROM idempotency_cache WHERE dfid = a->>0) > (SELECT count(*) FROM (
          SELECT FROM idempotency_cache WHERE dfid = a->>0 AND ${isOldResult(beforeOf('a'))} FOR UPDATE SKIP LOCKED
        ) AS old)`),
      write: BY_ID + removing('idempotency_cache', 'dfid', isOldResult(beforeOf('(by_id->dfid)'))),
    },
    prunePage: pruningPages(
      'idempotency_cache',
      ['key', 'TEXT', "''"],
      ['result'],
      (before) => `dfid IS NULL AND ${isOldResult(before)}`,
    ),
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      table: 'idempotency_cache',
      columns: `key, result, request_hash, dfid, step_id, ${utc('created_at')}, ${utc('claimed_at')}`,
      key: ['key'],
      large: ['result'],
      toItem(row): IdempotencyExport {
        const [dfid, stepId] = [textOrNull(row, 'dfid'), textOrNull(row, 'step_id')]
        return {
          type: 'idempotency',
          key: text(row, 'key'),
          resultJson: textOrNull(row, 'result'),
          requestHash: textOrNull(row, 'request_hash'),
          createdAt: instantOrNull(row, 'created_at'),
          claimedAt: instantOrNull(row, 'claimed_at'),
          ...(dfid === null ? {} : { dfid }),
          ...(stepId === null ? {} : { stepId }),
        }
      },
    }),

  async importPage(db, items) {
    await importRows(
      db,
      'idempotency_cache',
      ['key'],
      items.map(({ key, resultJson, requestHash, createdAt, claimedAt, dfid, stepId }) => ({
        key,
        result: resultJson,
        request_hash: requestHash,
        created_at: toTimestampOrNull(createdAt),
        // nobody here holds the token of a claim that was made elsewhere: it arrives as ambiguous, under a new one
        token: claimedAt === null ? null : randomUUID(),
        claimed_at: toTimestampOrNull(claimedAt),
        expires_at: claimedAt === null ? null : toTimestamp(IMPORTED_UNTIL),
        dfid: dfid ?? null,
        step_id: stepId ?? null,
      })),
    )
  },
}
