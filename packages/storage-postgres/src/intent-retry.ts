import { type Implementation, type IntentRetryOperations, nextCount } from '@dir/storage-core'
import { byKey, importRows } from './page.ts'
import { type PgSession, number, text } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

const MAX_INT32 = 2 ** 31 - 1

export const intentRetry: Implementation<IntentRetryOperations, PgSession> = {
  async getCount(db, dfid) {
    const [row] = await db.read(/* sql */ `SELECT count FROM ${db.schema}intent_retry WHERE dfid = $1`, dfid)
    return row === undefined ? 0 : number(row, 'count')
  },

  async setCount(db, dfid, count) {
    await db.write(
      /* sql */ `INSERT INTO ${db.schema}intent_retry (dfid, count) VALUES ($1, $2)
        ON CONFLICT (dfid) DO UPDATE SET count = EXCLUDED.count, updated_at = EXCLUDED.updated_at RETURNING 1`,
      dfid,
      count,
    )
  },

  async delete(db, dfid) {
    await db.write(/* sql */ `DELETE FROM ${db.schema}intent_retry WHERE dfid = $1 RETURNING 1`, dfid)
  },

  async increment(db, dfid) {
    const [row] = await db.write(
      /* sql */ `INSERT INTO ${db.schema}intent_retry AS r (dfid, count) VALUES ($1, 1)
        ON CONFLICT (dfid) DO UPDATE SET count = r.count + 1, updated_at = EXCLUDED.updated_at
          WHERE r.count < ${MAX_INT32}
        RETURNING count`,
      dfid,
    )
    return row === undefined ? nextCount(MAX_INT32) : number(row, 'count')
  },

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      table: 'intent_retry',
      columns: `dfid, count, ${utc('updated_at')}`,
      key: ['dfid'],
      large: [],
      toItem: (row) => ({
        type: 'retryCount' as const,
        dfid: text(row, 'dfid'),
        count: number(row, 'count'),
        updatedAt: instant(row, 'updated_at'),
      }),
    }),

  async importPage(db, items) {
    await importRows(
      db,
      'intent_retry',
      ['dfid'],
      items.map(({ dfid, count, updatedAt }) => ({ dfid, count, updated_at: toTimestamp(updatedAt) })),
    )
  },
}
