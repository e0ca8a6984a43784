import type { TransitionExport } from '@dir/storage-core'
import type { LifecycleReads, LifecycleWrites } from '@dir/storage-core/adapter'
import { byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { GIVEN, type PgProtocol } from './protocol.ts'
import { type Row, text, textOrNull } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

// flow_status holds each flow's current status, so that it can be compared without looking for the last transition.

const RECORD = /* sql */ `
  INSERT INTO flow_transitions (dfid, from_status, to_status)
  SELECT a->>0, a->>1, a->>2 FROM ${GIVEN} ORDER BY w, c;
  INSERT INTO flow_status (dfid, status) SELECT a->>0, a->>2 FROM ${GIVEN}
  ON CONFLICT (dfid) DO UPDATE SET status = EXCLUDED.status;`

const IS_ELSEWHERE = /* sql */ `SELECT w, c, NULL FROM ${GIVEN}
  WHERE (SELECT status FROM flow_status WHERE dfid = a->>0) IS DISTINCT FROM a->>1`

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
  },

  writes: {
    recordTransition: { write: RECORD },
    transition: { judge: IS_ELSEWHERE, write: RECORD },
    expectStatus: { judge: IS_ELSEWHERE },
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
    const last = new Map(items.map(({ dfid, toStatus }) => [dfid, toStatus]))
    await importRows(
      db,
      'flow_status',
      ['dfid'],
      Array.from(last, ([dfid, status]) => ({ dfid, status })),
    )
  },
}

function toTransition(row: Row) {
  return {
    dfid: text(row, 'dfid'),
    fromStatus: textOrNull(row, 'from_status'),
    toStatus: text(row, 'to_status'),
    createdAt: instant(row, 'created_at'),
  }
}
