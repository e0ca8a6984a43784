import { existsSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { SchemaError, storeOptions } from '@dir/storage-core'
import { mapError } from './errors.ts'
import { openConnection } from './open.ts'
import { IN_MEMORY, checkPath } from './options.ts'

const PATIENCE_MS = 5_000

/**
 * Removes a store's file and what SQLite keeps beside it. A file that is not there is ignored; one that we did not
 * create, Python's too, is refused with `SchemaError`. Close the handles on it first.
 */
export async function dropNamespace(options: { readonly path: string }): Promise<void> {
  const given = storeOptions(options, ['path'], [])
  const path = checkPath(given.path)
  if (path === IN_MEMORY || !existsSync(path)) return
  const deadline = performance.now() + PATIENCE_MS
  const db = await openConnection({ path, journalMode: 'delete', create: false, deadline })
  const pythons = db.hasNumericJson
  db.close()
  if (pythons)
    throw new SchemaError(
      'The file was created by Python, and only what this package created is dropped. Remove it by hand.',
      "the Python original's tables",
      "this package's own",
    )
  try {
    for (const suffix of ['', '-wal', '-shm', '-journal', '-lock'])
      rmSync(resolve(path) + suffix, { force: true })
  } catch (error) {
    throw mapError(error)
  }
}
