import type { PgTransaction } from './session.ts'

/** Writes rows as they are over those of the same key, or as new ones where `key` is empty. */
export async function importRows(
  db: PgTransaction,
  table: string,
  key: readonly string[],
  rows: readonly Readonly<Record<string, string | number | null>>[],
): Promise<void> {
  // of two records with one key the later one stands: a statement may not write a row twice
  const records = new Map(
    rows.map((row, index) => [
      JSON.stringify(key.map((name) => row[name])) + (key.length === 0 ? index : ''),
      row,
    ]),
  )
  const [first] = rows
  if (first === undefined) return
  const columns = Object.keys(first)
  const list = columns.map((column) => `"${column}"`).join(', ')
  const replace = columns.map((column) => `"${column}" = EXCLUDED."${column}"`).join(', ')
  const conflict = key.length === 0 ? '' : `ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${replace}`
  await db.write(
    /* sql */ `INSERT INTO ${db.schema}${table} (${list})
      SELECT ${list} FROM json_populate_recordset(NULL::${db.schema}${table}, $1::JSON) ${conflict} RETURNING 1`,
    JSON.stringify([...records.values()]),
  )
}
