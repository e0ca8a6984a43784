import type { Page } from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import type { Row, SqlValue } from './stored-row.ts'

/** A query for some of a protocol's records. */
export interface Source<Item> {
  /** Answers at most 500 rows after a `rowid`, in that order, with it as a column. */
  readonly sql: string
  /** What the query takes before the rowid. */
  readonly values?: () => readonly SqlValue[]
  readonly toItem: (row: Row) => Item
}

/** `Source.sql` for a whole table. */
export function byRowid(table: string): string {
  return /* sql */ `SELECT rowid AS "rowid", * FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT 500`
}

/** Before every row. */
export const START = -(2n ** 63n)

/** A blob's bytes as a cursor has them. Of a text that is no UTF-8 only the bytes come back as they were. */
export function hexOf(value: SqlValue | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : ''
}

/** A page of the sources one after the other; the cursor says which source, and after which rowid. */
export function exportPage<Item>(
  db: Statements,
  cursor: string | null,
  sources: readonly Source<Item>[],
): Page<Item> {
  const [at = '0', after = START] = cursor?.split(':') ?? []
  const index = Number(at)
  const source = sources[index]
  const rows = source === undefined ? [] : db.page(source.sql, ...(source.values?.() ?? []), BigInt(after))
  const last = rows.at(-1)
  const next =
    last !== undefined
      ? `${index}:${String(last['rowid'])}`
      : index + 1 < sources.length
        ? `${index + 1}:${START}`
        : null
  return { items: source === undefined ? [] : rows.map((row) => source.toItem(row)), next }
}
