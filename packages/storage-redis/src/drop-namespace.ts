import { checkNamespace, storeOptions } from '@dir/storage-core'
import { SERVER_OPTIONS, checkServer } from './client.ts'
import { RedisConnection } from './connection.ts'
import type { RedisNamespaceOptions } from './options.ts'
import { as } from './session.ts'
import { dropScript, idScript } from './store-script.ts'

const PATIENCE_MS = 5_000

/** Removes every key of a namespace; one that is not there is ignored. Close the handles on it first. */
export async function dropNamespace(options: RedisNamespaceOptions): Promise<void> {
  const { namespace = 'dir_storage', ...server } = storeOptions(options, SERVER_OPTIONS, [
    'namespace',
  ]) as RedisNamespaceOptions
  checkServer(server)
  const connection = new RedisConnection(server, checkNamespace('namespace', namespace), PATIENCE_MS)
  try {
    const deadline = performance.now() + PATIENCE_MS
    const id = as<string>(await connection.repeat(idScript, null, deadline, 'not-applied'))
    await connection.repeat(dropScript, id, deadline, 'unknown')
  } finally {
    await connection.close()
  }
}
