import { existsSync, rmSync } from 'node:fs'
import { SchemaError } from '@dir/storage-core'
import { storeOptions } from '@dir/storage-core/adapter'
import { mapError } from './errors.ts'
import { openConnection } from './open.ts'
import { IN_MEMORY, checkPath, realPath } from './options.ts'
import { recognise } from './recognise.ts'

const PATIENCE_MS = 5_000

/**
 * Removes a store's file and what SQLite keeps beside it, but no symbolic link to it. A file that is not there is ignored;
 * one that we did not create, Python's too, or share with another program is refused with `SchemaError`. Close the handles
 * on it first.
 */
export async function dropNamespace(options: { readonly path: string }): Promise<void> {
  const given = storeOptions(options, ['path'], [])
  const path = checkPath(given.path)
  if (path === IN_MEMORY || !existsSync(path)) return
  const deadline = performance.now() + PATIENCE_MS
  const db = await openConnection({ path, journalMode: 'delete', create: false, deadline })
  const isShared = db.hasNumericJson || recognise(db).hasOthers
  db.close()
  if (isShared)
    throw new SchemaError(
      'The file was created by Python, or holds tables of another program, and only what is all of this package is dropped. Remove it by hand.',
      "others' tables",
      "this package's own",
    )
  const real = realPath(path)
  try {
    for (const suffix of ['', '-wal', '-shm', '-journal', '-lock']) rmSync(real + suffix, { force: true })
  } catch (error) {
    throw mapError(error)
  }
}
