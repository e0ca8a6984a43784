import { ConflictError, PermissionError, SchemaError } from '@dir/storage-core'
import type { PgConnection } from './connection.ts'
import { Failure } from './failure.ts'
import type { LockNames } from './locks.ts'
import { SCHEMA_VERSION, migrationSql } from './schema.ts'
import { type PgSession, type PgTransaction, number } from './session.ts'
import { codeOf, shownText } from './wire.ts'

/** Numbers about the whole namespace: `schema_version`, and the tickets of imports: `importing` is not finished, `imported` is. */
type MetaName = 'schema_version' | 'importing' | 'imported'

export async function readMeta(db: PgSession, name: MetaName): Promise<number | null> {
  const [row] = await db.read(/* sql */ `SELECT value FROM ${db.schema}meta WHERE name = $1`, name)
  return row === undefined ? null : number(row, 'value')
}

/** Makes the namespace's tables ready; of any number of processes at once, one creates them and the others find them. */
export async function prepareSchema(
  pg: PgConnection,
  names: LockNames,
  namespace: string,
  create: boolean,
  deadline: number,
): Promise<void> {
  const found = await versionOf(pg.session(deadline), namespace)
  if (found !== SCHEMA_VERSION) {
    if (!create)
      throw new SchemaError(
        `The namespace has ${found === 0 ? 'no tables' : 'older tables'}, and init: false changes none. Run what postgresSchema() prints.`,
        `version ${found}`,
        `version ${SCHEMA_VERSION}`,
      )
    const locks = names.plan([names.schema])
    const lockWaitMs = deadline - performance.now()
    try {
      await pg.transaction({ deadline, locks, lockWaitMs }, (db) => migrate(db, namespace))
    } catch (error) {
      if (!(error instanceof Failure) || codeOf(error.cause) !== '42501') throw error
      const causeText = shownText(error.cause)
      throw new PermissionError(
        'The role may not create the tables. Grant it CREATE on the database, or have an administrator run what postgresSchema() prints, and use init: false.',
        { cause: error.cause, ...(causeText === undefined ? {} : { causeText }) },
      )
    }
  }
}

async function migrate(db: PgTransaction, namespace: string): Promise<void> {
  const version = await versionOf(db, namespace)
  if (version === SCHEMA_VERSION) return
  const [schema] = await db.read(/* sql */ `SELECT 1 FROM pg_namespace WHERE nspname = $1`, namespace)
  // asked first, because a role that may not create schemas may still use one that was made for it
  if (schema === undefined) await db.script(/* sql */ `CREATE SCHEMA "${namespace}"`)
  await db.script(migrationSql(namespace, version))
}

/** Throws if the namespace is being filled, or an import into it was interrupted. */
export async function refuseUnfinishedImport(db: PgSession): Promise<void> {
  if ((await readMeta(db, 'importing')) !== null)
    throw new ConflictError('An import into this namespace is not finished. Run it again to its end first.')
}

/** The version of the tables, 0 where there are none. */
async function versionOf(db: PgSession, namespace: string): Promise<number> {
  // not by to_regclass: just after a wait for a lock it may still answer from before
  const found = await db.read(
    /* sql */ `SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = 'meta'`,
    namespace,
  )
  if (found.length === 0) return 0
  const version = (await readMeta(db, 'schema_version')) ?? 0
  if (version > SCHEMA_VERSION)
    throw new SchemaError(
      `The namespace has schema version ${version}; this version of the package knows up to ${SCHEMA_VERSION}. Update the package.`,
      `version ${version}`,
      `version ${SCHEMA_VERSION}`,
    )
  return version
}
