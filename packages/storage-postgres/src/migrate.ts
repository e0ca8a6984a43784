import { InvalidArgumentError, PermissionError, SchemaError } from '@dir/storage-core'
import { checkNamespace } from '@dir/storage-core/adapter'
import { commitFunction } from './commit-function.ts'
import type { PgConnection } from './connection.ts'
import { Failure } from './failure.ts'
import { joinFunction } from './join.ts'
import { LockNames } from './locks.ts'
import { NEEDS, SCHEMA_VERSION, STEPS } from './schema.ts'
import { type PgSession, type PgTransaction, number, textOrNull } from './session.ts'
import { codeOf, shownText } from './wire.ts'

/** The statements that bring a schema from `version` to the current one; they belong into one transaction. */
export function migrationSql(namespace: string, version: number): string {
  const schema = `"${namespace}".`
  const steps = STEPS.slice(version).map((step) => step(schema))
  // commits lock tables in orders of their own: none of them is half-way while the steps do
  return `SELECT pg_advisory_xact_lock(${new LockNames(namespace).everything});
${steps.join('')}${commitFunction(namespace)}${joinFunction(namespace)}
INSERT INTO ${schema}meta (name, value, needs) VALUES ('schema_version', ${SCHEMA_VERSION}, '${NEEDS}')
  ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, needs = EXCLUDED.needs;\n`
}

/**
 * The statements that `init()` runs for a new namespace, or for one of version `from`, for people whose administrator
 * runs them. @throws InvalidArgumentError for a version that is not an older one.
 */
export function postgresSchema(namespace = 'dir_storage', from = 0): string {
  const name = checkNamespace('namespace', namespace)
  if (!Number.isInteger(from) || from < 0 || from >= SCHEMA_VERSION)
    throw new InvalidArgumentError('from', `must be an integer from 0 to ${SCHEMA_VERSION - 1}`)
  const schema = from === 0 ? `CREATE SCHEMA IF NOT EXISTS "${name}";\n` : ''
  return `BEGIN ISOLATION LEVEL READ COMMITTED;\n${schema}${migrationSql(name, from)}COMMIT;\n`
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
        `The namespace has ${found === 0 ? 'no tables' : 'older tables'}, and init: false changes none. Run what postgresSchema('${namespace}'${found === 0 ? '' : `, ${found}`}) prints.`,
        `version ${found}`,
        `version ${SCHEMA_VERSION}`,
      )
    try {
      await pg.transaction({ deadline, lock: names.schema }, (db) => migrate(db, namespace))
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

/** The version of the tables, 0 where there are none. */
async function versionOf(db: PgSession, namespace: string): Promise<number> {
  // not by to_regclass: just after a wait for a lock it may still answer from before
  const found = await db.read(
    /* sql */ `SELECT 1 FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = 'meta'`,
    namespace,
  )
  if (found.length === 0) return 0
  // a column of version 2, which version 1 has not
  const [row] = await db.read(
    /* sql */ `SELECT value, to_jsonb(m)->>'needs' AS needs FROM "${namespace}".meta AS m WHERE name = 'schema_version'`,
  )
  const version = row === undefined ? 0 : number(row, 'value')
  if (version > SCHEMA_VERSION)
    throw new SchemaError(
      `The namespace has schema version ${version}; this version of the package knows up to ${SCHEMA_VERSION}. Use ${textOrNull(row, 'needs') ?? 'a newer version'} or later.`,
      `version ${version}`,
      `version ${SCHEMA_VERSION}`,
    )
  return version
}
