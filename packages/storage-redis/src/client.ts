import { InvalidArgumentError } from '@dir/storage-core'
import { type Cluster, Redis, type RedisOptions } from 'ioredis'
import { isReadOnlyReply } from './errors.ts'

/** The user's own client; only a duplicate of it is used and closed. */
export type UserClient = Redis | Cluster

/** Where the server is: one of `url` and `client`, or `redis` alone or beside `url`. */
export interface ServerOptions {
  /** Such as `redis://user:password@host:6379/0`, or `rediss://…` for TLS. */
  readonly url?: string
  /** Options of ioredis, for TLS, Sentinel and the like. Those that decide what is sent again are ours. */
  readonly redis?: RedisOptions
  /** A client of ioredis, for a Cluster too. It is neither used nor closed, but duplicated with settings of our own. */
  readonly client?: UserClient
}

export const SERVER_OPTIONS = ['url', 'redis', 'client'] as const

const MAX_RECONNECT_MS = 500

const reconnectDelay = (attempt: number): number =>
  Math.min(MAX_RECONNECT_MS, 10 * 2 ** Math.min(attempt, 10))

/**
 * Nothing is sent again but by us: a write whose reply was lost goes out anew under the same number. Nothing waits in
 * ioredis for a connection either, so that what was not sent is known not to be applied.
 */
const SETTINGS = {
  lazyConnect: true,
  protocol: 2,
  replyMapping: 'legacy',
  enableReadyCheck: true,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  autoResubscribe: false,
  monitor: false,
  readOnly: false,
  keyPrefix: '',
  stringNumbers: false,
  retryStrategy: reconnectDelay,
  reconnectOnError: (error: Error) => isReadOnlyReply(error),
} satisfies RedisOptions

export function isCluster(client: UserClient): client is Cluster {
  return (client as { isCluster?: unknown }).isCluster === true
}

export function createClient({ url, redis = {}, client }: ServerOptions, timeoutMs: number): UserClient {
  // socketTimeout: a connection over which no answer comes is ended, while it is being made as well
  const settings = { ...SETTINGS, connectTimeout: timeoutMs, socketTimeout: timeoutMs }
  if (client === undefined)
    return url === undefined
      ? new Redis({ ...redis, ...settings })
      : new Redis(url, { ...redis, ...settings })
  if (!isCluster(client)) return client.duplicate(settings)
  const { retryStrategy: _, enableOfflineQueue: __, readOnly: ___, ...nodeSettings } = settings
  return client.duplicate([], {
    lazyConnect: true,
    enableReadyCheck: true,
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    scaleReads: 'master',
    slotsRefreshTimeout: timeoutMs,
    clusterRetryStrategy: reconnectDelay,
    keyPrefix: '',
    redisOptions: nodeSettings,
  })
}

function isUrl(url: unknown): boolean {
  if (typeof url !== 'string') return false
  if (/^(unix:\/\/|\/)/.test(url)) return true
  return /^rediss?:\/\//.test(url) && URL.canParse(url) && /^\/?\d*$/.test(new URL(url).pathname)
}

export function checkServer({ url, redis, client }: ServerOptions): void {
  // the text itself may hold a password, so the error does not show it
  if (url !== undefined && !isUrl(url))
    throw new InvalidArgumentError('url', 'must be a URL such as redis://user:password@host:6379/0')
  if (redis !== undefined && (typeof redis !== 'object' || redis === null))
    throw new InvalidArgumentError('redis', 'must be options of ioredis')
  if (client !== undefined && typeof (client as { duplicate?: unknown } | null)?.duplicate !== 'function')
    throw new InvalidArgumentError('client', 'must be a client of ioredis')
  if (client !== undefined && (url !== undefined || redis !== undefined))
    throw new InvalidArgumentError('client', 'must not stand beside url or redis')
  if (url === undefined && redis === undefined && client === undefined)
    throw new InvalidArgumentError('url', 'must be given, or redis, or client')
}
