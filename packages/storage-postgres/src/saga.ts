import type { Implementation, SagaOperations } from '@dir/storage-core'
import { byKey, importRows } from './page.ts'
import { type PgSession, text } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

export const saga: Implementation<SagaOperations, PgSession> = {
  async markDirty(db, dfid, failedStep, partialStateJson) {
    // the position is read once more on conflict: the first one may be older than marks made while waiting for the row
    await db.write(
      /* sql */ `INSERT INTO ${db.schema}saga_dirty_state (dfid, failed_step, partial_state_json) VALUES ($1, $2, $3)
        ON CONFLICT (dfid) DO UPDATE SET failed_step = EXCLUDED.failed_step,
          partial_state_json = EXCLUDED.partial_state_json, created_at = clock_timestamp(),
          position = nextval('${db.schema}order_seq')
        RETURNING 1`,
      dfid,
      failedStep,
      partialStateJson,
    )
  },

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

  async clearDirty(db, dfid) {
    await db.write(/* sql */ `DELETE FROM ${db.schema}saga_dirty_state WHERE dfid = $1 RETURNING 1`, dfid)
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      table: 'saga_dirty_state',
      columns: `dfid, failed_step, partial_state_json, ${utc('created_at')}`,
      key: ['position', 'dfid'],
      large: ['failed_step', 'partial_state_json'],
      toItem: (row) => ({
        type: 'dirtyFlow' as const,
        dfid: text(row, 'dfid'),
        failedStep: text(row, 'failed_step'),
        partialStateJson: text(row, 'partial_state_json'),
        createdAt: instant(row, 'created_at'),
      }),
    }),

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
