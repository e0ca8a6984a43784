import {
  type ContextKind,
  type ContextOperations,
  type Implementation,
  conditionalSteps,
} from '@dir/storage-core'
import { byKey, importRows } from './page.ts'
import { type PgSession, isStorable, text, textOrNull } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

// data_json is NULL only inside a transaction: there such a row keeps an absent one from being written by others.

async function set(db: PgSession, kind: ContextKind, id: string, dataJson: string): Promise<true> {
  await db.write(
    /* sql */ `INSERT INTO ${db.schema}context (kind, id, data_json) VALUES ($1, $2, $3)
      ON CONFLICT (kind, id) DO UPDATE SET data_json = EXCLUDED.data_json, updated_at = EXCLUDED.updated_at
      RETURNING 1`,
    kind,
    id,
    dataJson,
  )
  return true
}

async function holds(
  db: PgSession,
  kind: ContextKind,
  id: string,
  expectedJson: string | null,
): Promise<boolean> {
  if (expectedJson === null)
    await db.write(
      /* sql */ `INSERT INTO ${db.schema}context (kind, id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1`,
      kind,
      id,
    )
  if (!isStorable(expectedJson)) return false
  const [row] = await db.read(
    /* sql */ `SELECT data_json FROM ${db.schema}context WHERE kind = $1 AND id = $2 FOR UPDATE`,
    kind,
    id,
  )
  return textOrNull(row, 'data_json') === expectedJson
}

export const context: Implementation<ContextOperations, PgSession> = {
  async get(db, kind, id) {
    const [row] = await db.read(
      /* sql */ `SELECT data_json FROM ${db.schema}context WHERE kind = $1 AND id = $2`,
      kind,
      id,
    )
    return textOrNull(row, 'data_json')
  },

  async set(db, kind, id, dataJson) {
    await set(db, kind, id, dataJson)
  },

  compareAndSet: conditionalSteps(
    async (db: PgSession, kind: ContextKind, id: string, expectedJson: string | null, dataJson: string) => {
      if (!isStorable(expectedJson)) return false
      const rows =
        expectedJson === null
          ? await db.write(
              /* sql */ `INSERT INTO ${db.schema}context (kind, id, data_json) VALUES ($1, $2, $3)
                ON CONFLICT DO NOTHING RETURNING 1`,
              kind,
              id,
              dataJson,
            )
          : await db.write(
              /* sql */ `UPDATE ${db.schema}context SET data_json = $4, updated_at = clock_timestamp()
                WHERE kind = $1 AND id = $2 AND data_json = $3 RETURNING 1`,
              kind,
              id,
              expectedJson,
              dataJson,
            )
      return rows.length > 0
    },
    {
      judge: (db, kind, id, expectedJson) => holds(db, kind, id, expectedJson),
      enact: (db, kind, id, _expectedJson, dataJson) => set(db, kind, id, dataJson),
    },
  ),

  expectSession: conditionalSteps(
    (db: PgSession, dfid: string, expectedJson: string | null) => holds(db, 'session', dfid, expectedJson),
    {
      judge: (db, dfid, expectedJson) => holds(db, 'session', dfid, expectedJson),
      enact: async (db, dfid) => {
        await db.write(
          /* sql */ `DELETE FROM ${db.schema}context
            WHERE kind = 'session' AND id = $1 AND data_json IS NULL RETURNING 1`,
          dfid,
        )
        return true
      },
    },
  ),

  exportPage: (db, cursor) =>
    byKey(db, cursor, {
      table: 'context',
      columns: `kind, id, data_json, ${utc('updated_at')}`,
      key: ['kind', 'id'],
      large: ['data_json'],
      toItem: (row) => ({
        type: text(row, 'kind') as ContextKind,
        id: text(row, 'id'),
        dataJson: text(row, 'data_json'),
        updatedAt: instant(row, 'updated_at'),
      }),
    }),

  async importPage(db, items) {
    await importRows(
      db,
      'context',
      ['kind', 'id'],
      items.map(({ type, id, dataJson, updatedAt }) => {
        return { kind: type, id, data_json: dataJson, updated_at: toTimestamp(updatedAt) }
      }),
    )
  },
}
