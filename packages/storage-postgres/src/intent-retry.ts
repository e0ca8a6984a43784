import type { RetryCountExport } from '@dir/storage-core'
import {
  type Call,
  type IntentRetryReads,
  type IntentRetryWrites,
  nextCount,
  MAX_INT32,
} from '@dir/storage-core/adapter'
import { byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { BY_ID, GIVEN, type PgProtocol } from './protocol.ts'
import { judging, removing } from './prune.ts'
import { number, text } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

/**
 * The one condition that depends on what the batch itself does before: the largest count that the flow may have had
 * before the batch so that one more is a count still.
 */
function mostBefore(dfid: string, earlier: readonly Call[]): number {
  let set: number | null = null
  let added = 0
  for (const { protocol, operation, args } of earlier) {
    if (protocol !== 'intentRetry' || args[0] !== dfid) continue
    if (operation === 'increment') added++
    else {
      set = operation === 'setCount' ? args[1] : 0
      added = 0
    }
  }
  if (set === null) return MAX_INT32 - 1 - added
  return set + added < MAX_INT32 ? MAX_INT32 : -1
}

/** The refusal of one more, as core words it. */
function countRefusal(): Error {
  try {
    nextCount(MAX_INT32)
  } catch (error) {
    return error as Error
  }
  throw new TypeError('The largest count has one after it.')
}

export const intentRetry: PgProtocol<IntentRetryReads, IntentRetryWrites, RetryCountExport> = {
  reads: {
    async getCount(db, dfid) {
      const [row] = await db.read(
        /* sql */ `SELECT count FROM ${db.schema}intent_retry WHERE dfid = $1`,
        dfid,
      )
      return row === undefined ? 0 : number(row, 'count')
    },
  },

  writes: {
    setCount: {
      write: /* sql */ `
        INSERT INTO intent_retry (dfid, count) SELECT a->>0, (a->>1)::INTEGER FROM ${GIVEN}
        ON CONFLICT (dfid) DO UPDATE SET count = EXCLUDED.count, updated_at = EXCLUDED.updated_at;`,
    },
    delete: {
      write: /* sql */ `${BY_ID}
        DELETE FROM intent_retry WHERE dfid = ANY(ids);`,
    },
    increment: {
      toArgs: ([dfid], earlier) => [dfid, mostBefore(dfid, earlier)],
      judge: /* sql */ `SELECT w, c, '{"last": true}'::JSONB FROM ${GIVEN}
        WHERE coalesce((SELECT count FROM intent_retry WHERE dfid = a->>0), 0) > (a->>1)::BIGINT`,
      write: /* sql */ `
        WITH done AS (
          INSERT INTO intent_retry AS counted (dfid, count) SELECT a->>0, 1 FROM ${GIVEN}
          ON CONFLICT (dfid) DO UPDATE SET count = counted.count + 1, updated_at = EXCLUDED.updated_at
          RETURNING counted.dfid, counted.count
        ) SELECT jsonb_agg(jsonb_build_array(w, c, count)) INTO told FROM ${GIVEN} JOIN done ON dfid = a->>0;`,
      toRefusal: () => countRefusal(),
    },
    pruneFlow: { ...judging('false'), write: removing('intent_retry') },
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
