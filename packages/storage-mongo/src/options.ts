import { type HandleOptions, InvalidArgumentError } from '@dir/storage-core'
import { HANDLE_OPTIONS, checkNamespace, storeOptions, timeoutMsOf } from '@dir/storage-core/adapter'
import type { MongoClient } from 'mongodb'
import { checkClient, openClient } from './client.ts'

interface Place {
  /** `mongodb://…` or `mongodb+srv://…`. Its database is used, or `dir_storage`; its concerns are not. */
  readonly url?: string
  /** Instead of a URL: your own client (mongodb 6.13 or newer), which is never closed here. Its concerns are not used. */
  readonly client?: MongoClient
  /** Instead of the URL's, or the client's, database. */
  readonly database?: string
  /** Prefix of the collections; default `dir_storage`. */
  readonly namespace?: string
}

export interface MongoStorageOptions extends Place, HandleOptions {}

export type MongoNamespaceOptions = Place

export interface Checked {
  readonly client: MongoClient
  /** Whether it was made here, and must be closed here. */
  readonly isOurs: boolean
  readonly database: string
  readonly namespace: string
  readonly handle: HandleOptions
}

const OTHERS = ['database', 'namespace', ...HANDLE_OPTIONS] as const
const DEFAULT_NAME = 'dir_storage'
/** What the driver says where nobody named a database. */
const DRIVERS_DEFAULT = 'test'

export function checkOptions(given: string | MongoStorageOptions): Checked {
  const {
    url,
    client,
    database,
    namespace = DEFAULT_NAME,
    ...handle
  } = storeOptions(given, ['url', 'client'], OTHERS) as MongoStorageOptions
  if ((url === undefined) === (client === undefined))
    throw new InvalidArgumentError('options', 'must have either a url or a client')
  const timeoutMs = timeoutMsOf(handle)
  const used = client === undefined ? openClient(url, timeoutMs) : checkClient(client)
  return {
    client: used,
    isOurs: client === undefined,
    database: databaseName(database === undefined ? namedDatabase(used) : database),
    namespace: checkNamespace('namespace', namespace),
    handle,
  }
}

function namedDatabase(client: MongoClient): string {
  const { dbName } = client.options
  return dbName === DRIVERS_DEFAULT ? DEFAULT_NAME : dbName
}

function databaseName(name: unknown): string {
  if (typeof name !== 'string' || !/^[^\0/\\. "$*<>:|?]{1,38}$/.test(name))
    throw new InvalidArgumentError('database', "must be a database's name")
  return name
}
