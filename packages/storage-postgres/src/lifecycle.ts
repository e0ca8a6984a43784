import { type Implementation, type LifecycleOperations, conditionalSteps } from '@dir/storage-core'
import { byKey, importRows } from './page.ts'
import { type PgSession, type Row, text, textOrNull } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

// flow_status holds each flow's current status, so that one statement can compare and move on; its row keeps a flow's
// transitions in order. Its status is NULL only inside a transaction: there such a row keeps others from the first one.

async function getCurrentStatus(db: PgSession, dfid: string): Promise<string | null> {
  const [row] = await db.read(/* sql */ `SELECT status FROM ${db.schema}flow_status WHERE dfid = $1`, dfid)
  return textOrNull(row, 'status')
}

/** Appends a transition where `moved`, which locks the flow's row, has set the status ($1: flow, $2: from, $3: to). */
async function move(
  db: PgSession,
  moved: string,
  dfid: string,
  fromStatus: string | null,
  toStatus: string,
): Promise<boolean> {
  const rows = await db.write(
    /* sql */ `WITH moved AS (${moved} RETURNING dfid)
      INSERT INTO ${db.schema}flow_transitions (dfid, from_status, to_status)
      SELECT dfid, $2, $3::TEXT FROM moved RETURNING 1`,
    dfid,
    fromStatus,
    toStatus,
  )
  return rows.length > 0
}

function record(db: PgSession, dfid: string, fromStatus: string | null, toStatus: string): Promise<boolean> {
  const moved = /* sql */ `INSERT INTO ${db.schema}flow_status (dfid, status) VALUES ($1, $3)
    ON CONFLICT (dfid) DO UPDATE SET status = EXCLUDED.status`
  return move(db, moved, dfid, fromStatus, toStatus)
}

async function isAt(db: PgSession, dfid: string, status: string | null): Promise<boolean> {
  if (status === null)
    await db.write(
      /* sql */ `INSERT INTO ${db.schema}flow_status (dfid) VALUES ($1) ON CONFLICT DO NOTHING RETURNING 1`,
      dfid,
    )
  const [row] = await db.read(
    /* sql */ `SELECT status FROM ${db.schema}flow_status WHERE dfid = $1 FOR UPDATE`,
    dfid,
  )
  return textOrNull(row, 'status') === status
}

export const lifecycle: Implementation<LifecycleOperations, PgSession> = {
  async recordTransition(db, dfid, fromStatus, toStatus) {
    await record(db, dfid, fromStatus, toStatus)
  },

  async getTransitions(db, dfid) {
    const rows = await db.read(
      /* sql */ `SELECT dfid, from_status, to_status, ${utc('created_at')} FROM ${db.schema}flow_transitions
        ${dfid === null ? '' : 'WHERE dfid = $1'} ORDER BY id`,
      ...(dfid === null ? [] : [dfid]),
    )
    return rows.map(toTransition)
  },

  getCurrentStatus,

  transition: conditionalSteps(
    (db: PgSession, dfid: string, fromStatus: string | null, toStatus: string) => {
      const moved =
        fromStatus === null
          ? /* sql */ `INSERT INTO ${db.schema}flow_status (dfid, status) VALUES ($1, $3) ON CONFLICT DO NOTHING`
          : /* sql */ `UPDATE ${db.schema}flow_status SET status = $3 WHERE dfid = $1 AND status = $2`
      return move(db, moved, dfid, fromStatus, toStatus)
    },
    { judge: (db, dfid, fromStatus) => isAt(db, dfid, fromStatus), enact: record },
  ),

  expectStatus: conditionalSteps(isAt, {
    judge: isAt,
    enact: async (db, dfid) => {
      await db.write(
        /* sql */ `DELETE FROM ${db.schema}flow_status WHERE dfid = $1 AND status IS NULL RETURNING 1`,
        dfid,
      )
      return true
    },
  }),

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
