import { InvalidArgumentError } from '@dir/storage-core'
import { SCHEMA_VERSION, STEPS } from './schema.ts'

/** Where printed statements were interrupted, the file says how far they came; it never falls back to a lower version. */
export function stepsFrom(version: number): readonly string[] {
  const steps = STEPS.slice(version)
  const versions = steps.map(
    ({ sql }, index) =>
      `${sql.trim()}\nINSERT INTO dir_storage_meta (name, value) VALUES ('schema_version', ${version + index + 1})
  ON CONFLICT (name) DO UPDATE SET value = MAX(value, excluded.value);\n`,
  )
  return [
    ...versions,
    `INSERT OR REPLACE INTO dir_storage_meta (name, value) VALUES ('release', '${STEPS.at(-1)?.since ?? ''}');\n`,
  ]
}

/**
 * The statements that `init()` runs on a file that has schema version `from`, for people whose administrator runs them,
 * once and in one transaction. 0, the default, is a new file or one of the Python original's; `health()` tells others'.
 */
export function sqliteSchema(from = 0): string {
  if (!Number.isInteger(from) || from < 0 || from > SCHEMA_VERSION)
    throw new InvalidArgumentError('from', `must be an integer from 0 to ${SCHEMA_VERSION}`)
  return from === SCHEMA_VERSION ? '' : stepsFrom(from).join('')
}
