import { checkNamespace, checkRecord } from '@dir/storage-core'
import { SERVER_OPTIONS, checkServer } from './client.ts'
import { RedisConnection } from './connection.ts'
import type { RedisNamespaceOptions } from './options.ts'
import { dropScript } from './scripts.ts'

const PATIENCE_MS = 5_000

/** Removes every key of a namespace; one that is not there is ignored. Close the handles on it first. */
export async function dropNamespace(options: RedisNamespaceOptions): Promise<void> {
  const { namespace = 'dir_storage', ...server } = checkRecord('options', options, [
    'namespace',
    ...SERVER_OPTIONS,
  ]) as RedisNamespaceOptions
  checkServer(server)
  const connection = new RedisConnection(server, checkNamespace('namespace', namespace), PATIENCE_MS)
  try {
    await connection.repeat(dropScript, null, performance.now() + PATIENCE_MS, 'unknown')
  } finally {
    await connection.close()
  }
}
