import type { Page } from '@dir/storage-core/adapter'
import { type RedisReader, type Reply, as } from './protocol.ts'

/**
 * A page of one table after the other. Tables are gone through by id, or, where they keep an order of their own, by
 * number; the cursor says which table, and after what.
 */
export async function exportTables<Table extends string, Item>(
  redis: RedisReader,
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
  const reply = await redis.read(`export_by_${by}`, table, by === 'number' ? after || '-inf' : after)
  const [rows, next] = as<[readonly [string, Reply][], string | null]>(reply)
  return {
    items: rows.map(([id, record]) => toItem(table, id, record)),
    next: next !== null ? `${index}:${next}` : index + 1 < tables.length ? `${index + 1}:` : null,
  }
}
