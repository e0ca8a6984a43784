import { PgConnection } from './connection.ts'
import { withStorageErrors } from './failure.ts'
import { LockNames } from './locks.ts'
import { type PostgresTarget, checkTarget } from './options.ts'
import { dropSql } from './schema.ts'

/**
 * Removes the namespace's tables and everything in them, and its schema if that is empty then; what others put there
 * stays. A namespace that is not there is ignored. Close the handles on it first.
 */
export async function dropNamespace(target: PostgresTarget): Promise<void> {
  const { openPool, namespace, timeoutMs } = checkTarget(target)
  const pool = openPool()
  const pg = new PgConnection(pool, namespace, timeoutMs)
  const names = new LockNames(namespace)
  const deadline = performance.now() + timeoutMs
  try {
    await withStorageErrors(
      pg.transaction({ deadline, lock: names.schema }, async (db) => {
        const [schema] = await db.read(/* sql */ `SELECT oid FROM pg_namespace WHERE nspname = $1`, namespace)
        if (schema === undefined) return
        await db.script(dropSql(namespace))
        const others = await db.read(
          /* sql */ `SELECT 1 FROM pg_depend
          WHERE refclassid = 'pg_namespace'::REGCLASS AND refobjid = $1 AND deptype = 'n' LIMIT 1`,
          schema['oid'] ?? null,
        )
        if (others.length === 0) await db.script(/* sql */ `DROP SCHEMA "${namespace}"`)
      }),
    )
  } finally {
    await pool.close(performance.now() + timeoutMs)
  }
}
