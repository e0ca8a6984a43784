import type { Grant, HoldExport } from '@dir/storage-core'
import {
  type Demand,
  type ResourceLockReads,
  type ResourceLockWrites,
  exportAmount,
  importAmount,
  noRoom,
} from '@dir/storage-core/adapter'
import { byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { BY_ID, GIVEN, type PgProtocol } from './protocol.ts'
import { judging } from './prune.ts'
import { type Row, type SqlValue, number, text } from './session.ts'
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

// Whatever changes the holds of a resource holds its key. `resource_totals`, which a trigger keeps, has the sum of a
// resource's rows; expired ones are removed before an acquire is judged.

const COLUMNS = `dfid, resource_id, micros, ${utc('acquired_at')}, ${utc('expires_at')}, fence`
const HOLDS = { table: 'resource_locks', columns: COLUMNS, large: [] } as const
/** As of the moment at which the statement came: what ends together is not seen in part. */
const LIVE = '(expires_at IS NULL OR expires_at > statement_timestamp())'

// not to be mistaken for a resource, whose keys are locked later
const flowKey = (dfid: string): string => `*flow:${dfid}`

export const resourceLock: PgProtocol<ResourceLockReads, ResourceLockWrites, HoldExport> = {
  reads: {
    async getLockedAmount(db, resourceId, excludeDfid) {
      const holds = `SELECT sum(micros) FROM ${db.schema}resource_locks WHERE resource_id = $1`
      const [row] = await db.read(
        /* sql */ `SELECT coalesce((SELECT micros FROM ${db.schema}resource_totals WHERE resource_id = $1), 0)
          - coalesce((${holds} AND expires_at <= now), 0)
          - coalesce((${holds} AND dfid = $2 AND (expires_at IS NULL OR expires_at > now)), 0) AS locked
        FROM (SELECT clock_timestamp() AS now OFFSET 0) AS clock`,
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
      return rows.map(toRow)
    },

    holdsPage(db, { dfid, resourceId, leastAgeMicros }, cursor) {
      const values: SqlValue[] = []
      const isFlows = dfid === null ? 'true' : `dfid = $${values.push(dfid)}`
      const isResources = resourceId === null ? 'true' : `resource_id = $${values.push(resourceId)}`
      const fits = `${LIVE} AND ${isFlows} AND ${isResources} AND ${isOlder('acquired_at', leastAgeMicros, values)}`
      return byKey(db, cursor, {
        ...HOLDS,
        key: ['fence', 'dfid', 'resource_id'],
        fits,
        values,
        toItem: toRow,
      })
    },
  },

  writes: {
    acquire: {
      locks: ([{ dfid, demands }]) => ({
        records: [flowKey(dfid)],
        resources: demands.map(({ resourceId }) => resourceId),
      }),
      toArgs: ([{ dfid, demands, leaseMicros }]) => [
        dfid,
        leaseMicros,
        demands.map(({ resourceId, micros, capacity }) => [resourceId, micros, capacity]),
      ],
      judge: /* sql */ `SELECT w, c, why FROM (
        SELECT w, c, (
          SELECT jsonb_build_object('demand', place - 1, 'locked', locked) FROM (
            SELECT place, d, coalesce((SELECT micros FROM resource_totals WHERE resource_id = d->>0), 0)
              - coalesce((SELECT micros FROM resource_locks WHERE dfid = a->>0 AND resource_id = d->>0), 0) AS locked
            FROM jsonb_array_elements(a->2) WITH ORDINALITY AS one (d, place) OFFSET 0
          ) AS asked WHERE locked + (d->>1)::BIGINT > (d->>2)::BIGINT ORDER BY place LIMIT 1
        ) AS why FROM ${GIVEN} OFFSET 0
      ) AS judged WHERE why IS NOT NULL`,
      write: /* sql */ `
        WITH fenced AS MATERIALIZED (
          SELECT w, c, a, nextval('fence_seq') AS number,
            moment + (a->>1)::BIGINT * INTERVAL '1 microsecond' AS ends FROM ${GIVEN}
        ), acquired AS (
          INSERT INTO resource_locks (dfid, resource_id, micros, acquired_at, expires_at, fence)
          SELECT a->>0, d->>0, (d->>1)::BIGINT, moment, ends, number FROM fenced, jsonb_array_elements(a->2) AS d
          ON CONFLICT (dfid, resource_id) DO UPDATE SET micros = EXCLUDED.micros, fence = EXCLUDED.fence,
            acquired_at = EXCLUDED.acquired_at, expires_at = EXCLUDED.expires_at
        )
        SELECT jsonb_agg(jsonb_build_array(w, c, number, ${utcText('ends')})) INTO told FROM fenced;`,
      toAnswer: ([fence, end]): Grant => ({
        fence: Number(fence),
        expiresAt: typeof end === 'string' ? toInstant(end) : null,
      }),
      toRefusal: ({ demand, locked }, [{ demands }]) =>
        noRoom(demands[demand as number] as Demand, locked as number),
    },
    release: {
      locks: ([dfid]) => ({ records: [flowKey(dfid)], flows: [dfid] }),
      write: /* sql */ `${BY_ID}
        DELETE FROM resource_locks WHERE dfid = ANY(ids)
          AND (by_id->dfid->>1 IS NULL OR fence <= (by_id->dfid->>1)::BIGINT);`,
    },
    renew: {
      locks: ([dfid]) => ({ records: [flowKey(dfid)], flows: [dfid] }),
      judge: /* sql */ `SELECT w, c, NULL FROM ${GIVEN}
        WHERE (SELECT true FROM resource_locks WHERE dfid = a->>0 AND expires_at > moment
          AND (a->>2 IS NULL OR fence <= (a->>2)::BIGINT) LIMIT 1) IS NULL`,
      write: /* sql */ `${BY_ID}
        UPDATE resource_locks
        SET expires_at = moment + (by_id->dfid->>1)::BIGINT * INTERVAL '1 microsecond'
        WHERE dfid = ANY(ids) AND expires_at > moment
          AND (by_id->dfid->>2 IS NULL OR fence <= (by_id->dfid->>2)::BIGINT);`,
    },
    pruneFlow: {
      ...judging(/* sql */ `(SELECT true FROM resource_locks
          WHERE dfid = a->>0 AND (expires_at IS NULL OR expires_at > moment) LIMIT 1)`),
      locks: ([dfid]) => ({ records: [flowKey(dfid)], flows: [dfid] }),
      // what has expired
      write: /* sql */ `${BY_ID}
        DELETE FROM resource_locks WHERE dfid = ANY(ids) AND NOT (by_id->dfid->>3)::BOOLEAN;`,
    },
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      ...HOLDS,
      key: ['dfid', 'resource_id'],
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

const toRow = (row: Row) => ({ ...toHold(row), micros: number(row, 'micros') })

function toHold(row: Row) {
  return {
    dfid: text(row, 'dfid'),
    resourceId: text(row, 'resource_id'),
    acquiredAt: instant(row, 'acquired_at'),
    expiresAt: instantOrNull(row, 'expires_at'),
    fence: number(row, 'fence'),
  }
}
