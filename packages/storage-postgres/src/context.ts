import type { ContextExport } from '@dir/storage-core'
import type { ContextKind, ContextReads, ContextWrites } from '@dir/storage-core/adapter'
import { byKey } from './export-page.ts'
import { importRows } from './import-rows.ts'
import { GIVEN, type PgProtocol, isNotOwn } from './protocol.ts'
import { judging, removing } from './prune.ts'
import { isStorable, text, textOrNull } from './session.ts'
import { instant, toTimestamp, utc } from './time.ts'

/** What the stored text is compared with: a text that the server cannot hold is as good as one that is no JSON. */
function expectedText(json: string | null): string | null {
  return json === null || isStorable(json) ? json : ''
}

const SET = (data: string): string => /* sql */ `
  INSERT INTO context (kind, id, data_json) SELECT a->>0, a->>1, ${data} FROM ${GIVEN}
  ON CONFLICT (kind, id) DO UPDATE SET data_json = EXCLUDED.data_json, updated_at = EXCLUDED.updated_at;`

const isOther = (kind: string, id: string, expected: string): string =>
  isNotOwn(/* sql */ `
    SELECT CASE WHEN data IS NOT DISTINCT FROM ${expected} THEN 'own' WHEN data IS NOT NULL THEN 'other' END
    FROM (SELECT (SELECT data_json FROM context WHERE kind = ${kind} AND id = ${id}) AS data OFFSET 0) AS one`)

export const context: PgProtocol<ContextReads, ContextWrites, ContextExport> = {
  reads: {
    async get(db, kind, id) {
      const [row] = await db.read(
        /* sql */ `SELECT data_json FROM ${db.schema}context WHERE kind = $1 AND id = $2`,
        kind,
        id,
      )
      return textOrNull(row, 'data_json')
    },
  },

  writes: {
    set: { write: SET('a->>2') },
    compareAndSet: {
      toArgs: ([kind, id, expectedJson, dataJson]) => [kind, id, expectedText(expectedJson), dataJson],
      judge: isOther('a->>0', 'a->>1', 'a->>2'),
      write: SET('a->>3'),
    },
    expectSession: {
      toArgs: ([dfid, expectedJson]) => [dfid, expectedText(expectedJson)],
      judge: isOther("'session'", 'a->>0', 'a->>1'),
    },
    pruneFlow: { ...judging('false'), write: removing('context', 'id', "kind = 'session'") },
  },

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
