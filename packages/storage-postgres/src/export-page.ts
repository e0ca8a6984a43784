import type { Page } from '@dir/storage-core/adapter'
import { type PgSession, type Row, type SqlValue, text } from './session.ts'

export const PAGE_ROWS = 500
const PAGE_BYTES = 1024 * 1024

/** How the records of one table leave it, in the order of its key. */
export interface Source<Item> {
  readonly table: string
  readonly columns: string
  /** Not null, and unique together. */
  readonly key: readonly string[]
  /**
   * Only rows with this value, of a column that stands before the key in an index. The statement goes on into the rows
   * behind them, at most for a page: with an end, a planner without statistics expects a handful, and fetches and sorts
   * them all for each page.
   */
  readonly only?: { readonly column: string; readonly value: string }
  /** Columns that may hold large texts. */
  readonly large: readonly string[]
  /** Which rows are records; default all. */
  readonly where?: string
  /**
   * Which of them are wanted; default all. Looked at row by row within the page, so that no statement goes through all rows
   * however few fit: the page has those that do, and is not the last one where it has none.
   */
  readonly fits?: string
  /** What `where` and `fits` take, from $1 on. */
  readonly values?: readonly SqlValue[]
  /** The key as a cursor has it; default its columns as text, which for times is the session's affair. */
  readonly place?: (row: Row) => readonly string[]
  readonly toItem: (row: Row) => Item
}

/**
 * The first rows of a query that is ordered, about a megabyte of them and at least one. Adding up lengths does not
 * fetch the texts, which the server keeps elsewhere, so rows that are left out cost little. `columns` may give the columns of
 * the order other forms under the same names, by which nothing must be sorted.
 */
export function bounded(query: string, columns: string, order: string, large: readonly string[]): string {
  const size = large.map((column) => `coalesce(octet_length(${column}), 0)`).join(' + ') || '0'
  return /* sql */ `SELECT ${columns} FROM (
      SELECT *, sum(${size}) OVER in_order - (${size}) AS bytes_before, row_number() OVER in_order AS nth
      FROM (${query}) AS found WINDOW in_order AS (ORDER BY ${order} ROWS UNBOUNDED PRECEDING)
    ) AS measured WHERE bytes_before < ${PAGE_BYTES} ORDER BY nth`
}

/** One page of a table; the cursor is the key of the last row. */
export async function byKey<Item>(
  db: PgSession,
  cursor: string | null,
  source: Source<Item>,
): Promise<Page<Item>> {
  const { table, only, where = 'true', fits = 'true', values = [] } = source
  const key = only === undefined ? source.key : [only.column, ...source.key]
  const { place: placeOf = (row: Row) => key.map((_, index) => text(row, `key${index}`)) } = source
  const order = key.join(', ')
  const after = cursor === null ? [] : (JSON.parse(cursor) as string[])
  const start =
    cursor === null
      ? only && `AND ${only.column} >= ${only.value}`
      : `AND (${order}) > (${key.map((_, index) => `$${values.length + index + 1}`).join(', ')})`
  const isInside = only === undefined ? 'true' : `${only.column} = ${only.value}`
  const query = /* sql */ `SELECT * FROM ${db.schema}${table} WHERE ${where} ${start ?? ''} ORDER BY ${order} LIMIT ${PAGE_ROWS}`
  const keys = key.map((column, index) => `${column}::TEXT AS key${index}`).join(', ')
  const place = /* sql */ `*, ${isInside} AS is_inside, ${isInside} AND (${fits}) AS fits, nth AS place,
    lead(true) OVER (ORDER BY nth) IS NULL AS is_last`
  const page = bounded(query, place, order, source.large)
  // of what does not fit, the last row alone tells where to go on
  const rows = await db.read(
    /* sql */ `SELECT ${source.columns}, ${keys}, fits::TEXT AS is_wanted, is_inside::TEXT AS goes_on
      FROM (${page}) AS page WHERE fits OR is_last ORDER BY place`,
    ...values,
    ...after,
  )
  const last = rows.at(-1)
  const next = last?.['goes_on'] !== 'true' ? null : JSON.stringify(placeOf(last))
  return { items: rows.filter((row) => row['is_wanted'] === 'true').map(source.toItem), next }
}

/** Pages of several tables, one table after the other. */
export async function inTurn<Item>(
  db: PgSession,
  cursor: string | null,
  sources: readonly Source<Item>[],
): Promise<Page<Item>> {
  const [index, after] = cursor === null ? [0, null] : (JSON.parse(cursor) as [number, string | null])
  const source = sources[index]
  if (source === undefined) return { items: [], next: null }
  const { items, next } = await byKey(db, after, source)
  if (next !== null) return { items, next: JSON.stringify([index, next]) }
  return { items, next: index + 1 < sources.length ? JSON.stringify([index + 1, null]) : null }
}
