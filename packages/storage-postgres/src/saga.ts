import type { DirtyFlowExport } from '@dir/storage-core'
import type { SagaReads, SagaWrites } from '@dir/storage-core/adapter'
import { type Source, byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { BY_ID, GIVEN, type PgProtocol } from './protocol.ts'
import { judging } from './prune.ts'
import { type Row, type SqlValue, text } from './session.ts'
import { instant, isOlder, toTimestamp, utc } from './time.ts'

const FLOWS: Omit<Source<never>, 'toItem'> = {
  table: 'saga_dirty_state',
  columns: `dfid, failed_step, partial_state_json, ${utc('created_at')}`,
  key: ['position', 'dfid'],
  large: ['failed_step', 'partial_state_json'],
}

function toFlow(row: Row) {
  return {
    dfid: text(row, 'dfid'),
    failedStep: text(row, 'failed_step'),
    partialStateJson: text(row, 'partial_state_json'),
    createdAt: instant(row, 'created_at'),
  }
}

export const saga: PgProtocol<SagaReads, SagaWrites, DirtyFlowExport> = {
  reads: {
    async getDirtyFlows(db) {
      const rows = await db.read(/* sql */ `SELECT dfid FROM ${db.schema}saga_dirty_state ORDER BY position`)
      return rows.map((row) => text(row, 'dfid'))
    },

    async getDirtyState(db, dfid) {
      const [row] = await db.read(
        /* sql */ `SELECT failed_step, partial_state_json FROM ${db.schema}saga_dirty_state WHERE dfid = $1`,
        dfid,
      )
      if (row === undefined) return null
      return { failedStep: text(row, 'failed_step'), partialStateJson: text(row, 'partial_state_json') }
    },

    dirtyFlowsPage(db, leastAgeMicros, cursor) {
      const values: SqlValue[] = []
      const fits = isOlder('created_at', leastAgeMicros, values)
      const toItem = (row: Row) => {
        const { createdAt, ...flow } = toFlow(row)
        return { ...flow, markedAt: createdAt }
      }
      return byKey(db, cursor, { ...FLOWS, fits, values, toItem })
    },
  },

  writes: {
    markDirty: {
      write: /* sql */ `
        INSERT INTO saga_dirty_state (dfid, failed_step, partial_state_json)
        SELECT a->>0, a->>1, a->>2 FROM ${GIVEN} ORDER BY w, c
        ON CONFLICT (dfid) DO UPDATE SET failed_step = EXCLUDED.failed_step,
          partial_state_json = EXCLUDED.partial_state_json, created_at = EXCLUDED.created_at,
          position = EXCLUDED.position;`,
    },
    clearDirty: {
      write: /* sql */ `${BY_ID}
        DELETE FROM saga_dirty_state WHERE dfid = ANY(ids);`,
    },
    pruneFlow: judging(/* sql */ `(SELECT true FROM saga_dirty_state WHERE dfid = a->>0)`),
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, { ...FLOWS, toItem: (row) => ({ type: 'dirtyFlow' as const, ...toFlow(row) }) }),

  async importPage(db, items) {
    await importRows(
      db,
      'saga_dirty_state',
      ['dfid'],
      items.map(({ dfid, failedStep, partialStateJson, createdAt }) => ({
        dfid,
        failed_step: failedStep,
        partial_state_json: partialStateJson,
        created_at: toTimestamp(createdAt),
      })),
    )
  },
}
