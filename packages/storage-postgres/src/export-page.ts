import type { Page } from '@dir/storage-core/adapter'
import { type PgSession, type Row, text } from './session.ts'

const PAGE_ROWS = 500
const PAGE_BYTES = 1024 * 1024

/** How the records of one table leave it, in the order of its key. */
export interface Source<Item> {
  readonly table: string
  readonly columns: string
  /** Not null, and unique together. */
  readonly key: readonly string[]
  /** Columns that may hold large texts. */
  readonly large: readonly string[]
  /** Which rows are records; default all. */
  readonly where?: string
  readonly toItem: (row: Row) => Item
}

/**
 * The first rows of a query that is ordered, about a megabyte of them and at least one. Adding up lengths does not
 * fetch the texts, which the server keeps elsewhere, so rows that are left out cost little.
 */
export function bounded(query: string, columns: string, order: string, large: readonly string[]): string {
  const size = large.map((column) => `coalesce(octet_length(${column}), 0)`).join(' + ') || '0'
  return /* sql */ `SELECT ${columns} FROM (
      SELECT *, sum(${size}) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - (${size}) AS bytes_before
      FROM (${query}) AS found
    ) AS measured WHERE bytes_before < ${PAGE_BYTES} ORDER BY ${order}`
}

/** One page of a table; the cursor is the key of the last row. */
export async function byKey<Item>(
  db: PgSession,
  cursor: string | null,
  source: Source<Item>,
): Promise<Page<Item>> {
  const { table, key, where = 'true' } = source
  const order = key.join(', ')
  const after = cursor === null ? [] : (JSON.parse(cursor) as string[])
  const start =
    cursor === null ? '' : `AND (${order}) > (${key.map((_, index) => `$${index + 1}`).join(', ')})`
  const query = /* sql */ `SELECT * FROM ${db.schema}${table} WHERE ${where} ${start} ORDER BY ${order} LIMIT ${PAGE_ROWS}`
  const keys = key.map((column, index) => `${column}::TEXT AS key${index}`).join(', ')
  const rows = await db.read(bounded(query, `${source.columns}, ${keys}`, order, source.large), ...after)
  const last = rows.at(-1)
  const next = last === undefined ? null : JSON.stringify(key.map((_, index) => text(last, `key${index}`)))
  return { items: rows.map(source.toItem), next }
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
