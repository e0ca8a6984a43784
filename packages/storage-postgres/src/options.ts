import { type HandleOptions, InvalidArgumentError } from '@dir/storage-core'
import { HANDLE_OPTIONS, checkNamespace, storeOptions, timeoutMsOf } from '@dir/storage-core/adapter'
import { Client, type ClientConfig, type Pool } from 'pg'
import { checkPool } from './fit.ts'
import { PgPool } from './pool.ts'

/** Where the server is: exactly one of `url`, `connection` and `pool`. */
export interface PostgresTarget {
  /** Such as `postgres://user:password@host:5432/database`. */
  readonly url?: string
  /** The driver's own settings for a connection, where a URL does not do: TLS, a function for the password, … */
  readonly connection?: ClientConfig
  /** A pool of yours. It is used, never ended, and none of its sessions is left changed. */
  readonly pool?: Pool
  /** The PostgreSQL schema that holds the tables; default `dir_storage`. */
  readonly namespace?: string
}

export interface PostgresStorageOptions extends PostgresTarget, HandleOptions {
  /** How many connections a pool that is made here has at most; default 8. */
  readonly poolSize?: number
}

const PLACES = ['url', 'connection', 'pool'] as const

export interface CheckedOptions {
  readonly openPool: () => PgPool
  readonly namespace: string
  readonly timeoutMs: number
  readonly handle: HandleOptions
}

export function checkOptions(given: string | PostgresStorageOptions): CheckedOptions {
  const {
    url,
    connection,
    pool,
    poolSize = 8,
    namespace = 'dir_storage',
    ...handle
  } = storeOptions(given, PLACES, ['namespace', 'poolSize', ...HANDLE_OPTIONS]) as PostgresStorageOptions
  if ([url, connection, pool].filter((one) => one !== undefined).length !== 1)
    throw new InvalidArgumentError(
      'options',
      'must name the server by exactly one of url, connection and pool',
    )
  const timeoutMs = timeoutMsOf(handle)
  const openPool = (): PgPool => {
    if (pool !== undefined) return PgPool.of(checkPool(pool))
    return PgPool.open(url === undefined ? { ...connection } : { connectionString: url }, size, timeoutMs)
  }
  const size = checkSize(poolSize)
  if (connection !== undefined && (typeof connection !== 'object' || connection === null))
    throw new InvalidArgumentError(
      'connection',
      "must be an object of the driver's settings; a URL goes into url",
    )
  if (url !== undefined) checkUrl(url)
  return { openPool, namespace: checkNamespace('namespace', namespace), timeoutMs, handle }
}

export function checkTarget(given: PostgresTarget): CheckedOptions {
  return checkOptions(storeOptions(given, PLACES, ['namespace']) as PostgresTarget)
}

function checkUrl(url: unknown): void {
  // the text itself may hold a password, so the error does not show it
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//.test(url) || !isReadable(url))
    throw new InvalidArgumentError('url', 'must be a URL such as postgres://user:password@host:5432/database')
}

/** Whether the driver can read it; it connects nowhere. */
function isReadable(connectionString: string): boolean {
  try {
    return new Client({ connectionString }).port > 0
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ENOENT') return false
    throw new InvalidArgumentError('url', 'names a file of a certificate or key that is not there')
  }
}

function checkSize(size: unknown): number {
  if (!Number.isInteger(size) || (size as number) < 1 || (size as number) > 10_000)
    throw new InvalidArgumentError('poolSize', 'must be an integer from 1 to 10 000')
  return size as number
}
