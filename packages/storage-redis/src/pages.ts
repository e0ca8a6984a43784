import type { Page, Protocol } from '@dir/storage-core'
import { type Argument, type RedisSession, type Reply, as } from './session.ts'

/**
 * Everything that a function answers page by page, each page as it is at its own moment: no script's time grows with
 * the store. `after` is where the function starts; it comes after the other arguments.
 */
export async function allPages<Row>(
  redis: RedisSession,
  protocol: Protocol,
  after: string,
  name: string,
  ...args: readonly Argument[]
): Promise<Row[]> {
  const all: Row[] = []
  for (let at: string | null = after; at !== null;) {
    const reply: Reply = await redis.read(protocol, name, ...args, at)
    const [rows, next] = as<[readonly Row[], string | null]>(reply)
    all.push(...rows)
    at = next
  }
  return all
}

/** What was written anew while a list was read stands in it twice: the later one is the newer. */
export function lastOfEach<Row>(rows: readonly Row[], idOf: (row: Row) => string): Row[] {
  const last = new Map(rows.map((row, index) => [idOf(row), index]))
  return rows.filter((row, index) => last.get(idOf(row)) === index)
}

/**
 * A page of one table after the other. Tables are gone through by id, or, where they keep an order of their own, by
 * number; the cursor says which table, and after what.
 */
export async function exportTables<Table extends string, Item>(
  redis: RedisSession,
  protocol: Protocol,
  tables: readonly Table[],
  cursor: string | null,
  toItem: (table: Table, id: string, record: Reply) => Item,
  by: 'id' | 'number' = 'id',
): Promise<Page<Item>> {
  const [at = '0', ...rest] = cursor?.split(':') ?? []
  const index = Number(at)
  const table = tables[index]
  if (table === undefined) return { items: [], next: null }
  const after = cursor === null ? '' : rest.join(':')
  const reply = await redis.read(
    protocol,
    `export_by_${by}`,
    table,
    by === 'number' ? after || '-inf' : after,
  )
  const [rows, next] = as<[readonly [string, Reply][], string | null]>(reply)
  return {
    items: rows.map(([id, record]) => toItem(table, id, record)),
    next: next !== null ? `${index}:${next}` : index + 1 < tables.length ? `${index + 1}:` : null,
  }
}
