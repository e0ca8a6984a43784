import type { Instant } from '@dir/storage-core'
import { type PrunedPage, flowPruning, oldBefore, parseInstant } from '@dir/storage-core/adapter'
import type { Statements } from './statements.ts'
import { START } from './export-page.ts'
import { type SqlValue, integer } from './stored-row.ts'

type IsOver = NonNullable<Parameters<typeof flowPruning<Statements>>[0]['isOver']>

/** Removes the flow's rows of a table. */
export const rowsOfFlow = (table: string, isOver?: IsOver) =>
  flowPruning<Statements>({
    ...(isOver && { isOver }),
    count: (db, dfid) =>
      Number(integer(db.get(/* sql */ `SELECT COUNT(*) AS n FROM ${table} WHERE dfid = ?`, dfid)?.['n'])),
    remove: (db, dfid) => void db.run(/* sql */ `DELETE FROM ${table} WHERE dfid = ?`, dfid),
  })

/** Nobody knows the age of what cannot be read: it is not old. */
export function isOlderThan(value: SqlValue | undefined, before: Instant): boolean {
  const time = typeof value === 'string' ? parseInstant(value) : null
  return time !== null && time < before
}

/** Removes the old ones among some 500 rows of a table, after a rowid. */
export function oldRows(
  db: Statements,
  table: string,
  where: string,
  [before, kept]: readonly [Instant, number],
  cursor: string | null,
  dryRun: boolean,
): PrunedPage {
  const rows = db.all(
    /* sql */ `SELECT rowid AS "rowid", created_at, ${where} AS is_free FROM ${table} WHERE rowid > ? ORDER BY rowid LIMIT 500`,
    BigInt(cursor ?? START),
  )
  const moment = oldBefore(before, kept)
  const old = rows.filter((row) => integer(row['is_free']) === 1n && isOlderThan(row['created_at'], moment))
  if (!dryRun)
    for (const row of old) db.run(/* sql */ `DELETE FROM ${table} WHERE rowid = ?`, row['rowid'] ?? null)
  const last = rows.at(-1)?.['rowid'] ?? null
  return { removed: old.length, next: last === null ? null : String(last) }
}
