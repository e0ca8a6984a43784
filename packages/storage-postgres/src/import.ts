import { ConflictError } from '@dir/storage-core'
import { type Counters, type Work, importTakenOver } from '@dir/storage-core/adapter'
import type { PgConnection } from './connection.ts'
import { readMeta } from './meta.ts'
import { readCounters } from './numbers.ts'
import { PROTOCOLS } from './operations.ts'
import { RECORD_TABLES } from './schema.ts'
import { type PgSession, type PgTransaction, number } from './session.ts'

/** How many rows are removed at a time: in a fraction of a call's time, however slow the server is. */
const PART = 5_000

/** Marks the namespace as being filled, inside the caller's transaction. */
export async function beginImport(db: PgTransaction, ticket: number): Promise<void> {
  const isInterrupted = (await readMeta(db, 'importing')) !== null
  if (!isInterrupted && !(await isEmpty(db)))
    throw new ConflictError('This namespace is not empty. Import into a new one, or drop this one first.')
  // this waits for a page of the interrupted import that is being written, and stops all later ones
  await db.write(
    /* sql */ `INSERT INTO ${db.schema}meta (name, value) VALUES ('importing', $1)
      ON CONFLICT (name) DO UPDATE SET value = excluded.value RETURNING 1`,
    ticket,
  )
}

/** Removes a part of what an interrupted import left, inside the caller's transaction. @returns whether there may be more. */
export async function clearImport(db: PgTransaction, ticket: number): Promise<boolean> {
  await requireImport(db, ticket)
  let rest = PART
  for (const name of RECORD_TABLES) {
    const table = db.schema + name
    const gone = await db.write(
      /* sql */ `WITH gone AS (
          DELETE FROM ${table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table} LIMIT $1)) RETURNING 1
        ) SELECT count(*) AS rows FROM gone`,
      rest,
    )
    rest -= number(gone[0] ?? {}, 'rows')
    if (rest <= 0) return true
  }
  return false
}

/** Writes one page, in a transaction that nobody else is part of. */
export function importPage(pg: PgConnection, work: Work): Promise<readonly unknown[]> {
  return pg.transaction({ deadline: work.deadline, lock: null }, async (db) => {
    if (work.importTicket !== undefined) await requireImport(db, work.importTicket)
    for (const { protocol, args } of work.calls) await PROTOCOLS[protocol].importPage(db, args[0] as never)
    return work.calls.map(() => undefined)
  })
}

/** Throws unless the import with this ticket fills the namespace, and goes on doing so until the caller's transaction ends. */
async function requireImport(db: PgSession, ticket: number): Promise<void> {
  const [row] = await db.read(
    /* sql */ `SELECT value FROM ${db.schema}meta WHERE name = 'importing' FOR SHARE`,
  )
  if (row === undefined || number(row, 'value') !== ticket) throw importTakenOver()
}

/** Sets the counters and takes the mark away, inside the caller's transaction. */
export async function finishImport(
  db: PgTransaction,
  ticket: number,
  { seq, fence }: Counters,
): Promise<void> {
  if ((await readMeta(db, 'imported')) === ticket) return
  await requireImport(db, ticket)
  // these are not undone by a rollback, so nothing before the very end may touch them
  await setSequence(db, 'audit_seq', seq)
  await setSequence(db, 'fence_seq', fence)
  await db.write(/* sql */ `DELETE FROM ${db.schema}meta WHERE name IN ('importing', 'imported') RETURNING 1`)
  await db.write(
    /* sql */ `INSERT INTO ${db.schema}meta (name, value) VALUES ('imported', $1) RETURNING 1`,
    ticket,
  )
}

async function isEmpty(db: PgSession): Promise<boolean> {
  const { seq, fence } = await readCounters(db)
  const rows = RECORD_TABLES.map((table) => `EXISTS (SELECT FROM ${db.schema}${table})`)
  const [row] = await db.read(/* sql */ `SELECT (${rows.join(' OR ')})::TEXT AS has_records`)
  return seq + fence === 0 && row?.['has_records'] === 'false'
}

/** The next number will be one more than `last`. */
async function setSequence(db: PgSession, sequence: string, last: number): Promise<void> {
  await db.read(
    /* sql */ `SELECT setval($1::TEXT::REGCLASS, greatest($2::BIGINT, 1), $2::BIGINT > 0)`,
    `${db.schema}${sequence}`,
    last,
  )
}
