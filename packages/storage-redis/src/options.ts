import { type HandleOptions, InvalidArgumentError } from '@dir/storage-core'
import { HANDLE_OPTIONS, checkNamespace, storeOptions } from '@dir/storage-core/adapter'
import { SERVER_OPTIONS, type ServerOptions, checkServer } from './client.ts'

export interface RedisNamespaceOptions extends ServerOptions {
  /** What the store is called: all its keys begin with this, in braces. Default `dir_storage`. */
  readonly namespace?: string
}

export interface RedisStorageOptions extends RedisNamespaceOptions, HandleOptions {
  /** True: also use a server that may evict keys to make room, and with them any record and any hold. */
  readonly allowEviction?: boolean
}

export interface CheckedOptions {
  readonly server: ServerOptions
  readonly namespace: string
  readonly allowEviction: boolean
  readonly handle: HandleOptions
}

export function checkOptions(given: string | RedisStorageOptions): CheckedOptions {
  const others = ['namespace', 'allowEviction', ...HANDLE_OPTIONS] as const
  const options = storeOptions(given, SERVER_OPTIONS, others) as RedisStorageOptions
  const { url, redis, client, namespace = 'dir_storage', allowEviction = false, ...handle } = options
  if (typeof allowEviction !== 'boolean')
    throw new InvalidArgumentError('allowEviction', 'must be true or false')
  const server = {
    ...(url === undefined ? {} : { url }),
    ...(redis === undefined ? {} : { redis }),
    ...(client === undefined ? {} : { client }),
  }
  checkServer(server)
  return { server, namespace: checkNamespace('namespace', namespace), allowEviction, handle }
}
