import type { FlowStatus, TransitionExport } from '@dir/storage-core'
import type { FlowPageFilter, LifecycleReads, LifecycleWrites } from '@dir/storage-core/adapter'
import { type Source, byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { GIVEN, type PgProtocol } from './protocol.ts'
import { beforeOf, judging, removing } from './prune.ts'
import { type Row, type SqlValue, text, textOrNull } from './session.ts'
import { instant, isOlder, toTimestamp, utc } from './time.ts'

// flow_status holds each flow's last transition, so that nobody looks for it; triggers keep it.

const RECORD = /* sql */ `
  INSERT INTO flow_transitions (dfid, from_status, to_status)
  SELECT a->>0, a->>1, a->>2 FROM ${GIVEN} ORDER BY w, c;`

const IS_ELSEWHERE = /* sql */ `SELECT w, c, jsonb_build_object('found', status)
  FROM ${GIVEN} LEFT JOIN flow_status ON dfid = a->>0 WHERE status IS DISTINCT FROM a->>1`

export const lifecycle: PgProtocol<LifecycleReads, LifecycleWrites, TransitionExport> = {
  reads: {
    async getTransitions(db, dfid) {
      const rows = await db.read(
        /* sql */ `SELECT dfid, from_status, to_status, ${utc('created_at')} FROM ${db.schema}flow_transitions
        ${dfid === null ? '' : 'WHERE dfid = $1'} ORDER BY id`,
        ...(dfid === null ? [] : [dfid]),
      )
      return rows.map(toTransition)
    },

    async getCurrentStatus(db, dfid) {
      const [row] = await db.read(
        /* sql */ `SELECT status FROM ${db.schema}flow_status WHERE dfid = $1`,
        dfid,
      )
      return textOrNull(row, 'status')
    },

    flowsPage: (db, filter, cursor) => byKey(db, cursor, pageOf(filter)),
  },

  writes: {
    recordTransition: { write: RECORD },
    transition: { judge: IS_ELSEWHERE, write: RECORD },
    expectStatus: { judge: IS_ELSEWHERE },
    pruneFlow: {
      ...judging(
        /* sql */ `(SELECT status = a->>1 AND since < ${beforeOf('a')} FROM flow_status WHERE dfid = a->>0) IS NOT TRUE`,
      ),
      write: removing('flow_transitions'),
    },
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      table: 'flow_transitions',
      columns: `dfid, from_status, to_status, ${utc('created_at')}`,
      key: ['id'],
      large: ['from_status', 'to_status'],
      toItem: (row) => ({ type: 'transition' as const, ...toTransition(row) }),
    }),

  async importPage(db, items) {
    await importRows(
      db,
      'flow_transitions',
      [],
      items.map(({ dfid, fromStatus, toStatus, createdAt }) => {
        return { dfid, from_status: fromStatus, to_status: toStatus, created_at: toTimestamp(createdAt) }
      }),
    )
  },
}

/** By one index, in the order that it has. */
function pageOf({ status, leastAgeMicros }: FlowPageFilter): Source<FlowStatus> {
  const values: SqlValue[] = []
  const isWanted = isOlder('since', leastAgeMicros, values)
  const source = {
    table: 'flow_status',
    columns: `dfid, status, ${utc('since')}`,
    key: ['position'],
    large: ['status'],
    where: 'position IS NOT NULL',
    values,
    toItem: (row: Row) => ({
      dfid: text(row, 'dfid'),
      status: text(row, 'status'),
      since: instant(row, 'since'),
    }),
  }
  if (status === null) return { ...source, fits: isWanted }
  const place = `$${values.push(status)}`
  // texts of any length are indexed by a number
  const only = { column: 'hashtextextended(status, 0)', value: `hashtextextended(${place}, 0)` }
  return { ...source, only, fits: `${isWanted} AND status = ${place}` }
}

function toTransition(row: Row) {
  return {
    dfid: text(row, 'dfid'),
    fromStatus: textOrNull(row, 'from_status'),
    toStatus: text(row, 'to_status'),
    createdAt: instant(row, 'created_at'),
  }
}
