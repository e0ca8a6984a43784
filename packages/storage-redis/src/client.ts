import { InvalidArgumentError } from '@dir/storage-core'
import { type Cluster, Redis, type RedisOptions } from 'ioredis'
import { addressOf, addressOfUrl } from './address.ts'
import { isWrongServer } from './errors.ts'

/** The user's own client, of whichever version of ioredis; only a duplicate of it is used and closed. */
export interface UserClient {
  readonly status: string
  readonly options: object
  duplicate(...args: never[]): unknown
  sendCommand(...args: never[]): unknown
}

/** A client of ours. */
export type Client = Redis | Cluster

/** Where the server is: one of `url` and `client`, or `redis` alone or beside `url`. */
export interface ServerOptions {
  /** Such as `redis://user:password@host:6379/0`, or `rediss://…` for TLS. */
  readonly url?: string
  /** Options of ioredis that say where the server is: TLS, Sentinel and the like. Others are left aside. */
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
  reconnectOnError: (error: Error) => isWrongServer(error),
  role: 'master',
  disableClientInfo: true, // its refusal would hide why the server refuses the connection
} satisfies RedisOptions

export function isCluster(client: UserClient | Client): client is Cluster {
  return (client as { isCluster?: unknown }).isCluster === true
}

export function createClient({ url, redis = {}, client }: ServerOptions, timeoutMs: number): Client {
  // socketTimeout: a connection over which no answer comes is ended, while it is being made as well. connectTimeout is
  // shorter than calls wait, so that they can say why there was no connection
  const settings = { ...SETTINGS, connectTimeout: timeoutMs * 0.8, socketTimeout: timeoutMs }
  if (client === undefined) {
    const { tls, ...address } = url === undefined ? {} : addressOfUrl(url)
    const given = addressOf(redis)
    return new Redis({ ...given, ...(tls && { tls: { ...tls, ...given.tls } }), ...address, ...settings })
  }
  if (!isCluster(client)) return (client as Redis).duplicate({ ...addressOf(client.options), ...settings })
  const { retryStrategy: _, enableOfflineQueue: __, readOnly: ___, ...nodeSettings } = settings
  const startupNodes = Reflect.get(client, 'startupNodes') as readonly StartupNode[]
  return client.duplicate(startupNodes.map(addressOfNode), {
    lazyConnect: true,
    enableReadyCheck: false, // it asks any node, one that hangs too; a script asks the one that matters
    enableOfflineQueue: false,
    enableAutoPipelining: false,
    scaleReads: 'master',
    slotsRefreshTimeout: timeoutMs,
    clusterRetryStrategy: reconnectDelay,
    retryDelayOnFailover: 0, // it would send a write again behind our back
    keyPrefix: '',
    // not left to duplicate(), which in ioredis 5 would lose the password
    redisOptions: { ...addressOf(client.options.redisOptions ?? {}), ...nodeSettings },
  })
}

type StartupNode = string | number | RedisOptions

/** What a URL's query sets for a node would win over the settings for all nodes. */
function addressOfNode(node: StartupNode): RedisOptions {
  if (typeof node === 'number') return { port: node }
  if (typeof node === 'object') return addressOf(node)
  return addressOfUrl(node.includes('://') ? node : `redis://${node}`)
}

/** Whether it is a client of ioredis 5 or newer; clients of others have a `duplicate` too. */
function isIoredis(client: unknown): client is UserClient {
  const { duplicate, options, status, sendCommand } = (client ?? {}) as Readonly<Record<string, unknown>>
  const callable = [duplicate, sendCommand].every((method) => typeof method === 'function')
  return callable && typeof options === 'object' && typeof status === 'string'
}

export function checkServer({ url, redis, client }: ServerOptions): void {
  if (url !== undefined && typeof url !== 'string')
    throw new InvalidArgumentError('url', 'must be a URL such as redis://user:password@host:6379/0')
  if (url !== undefined) addressOfUrl(url)
  if (redis !== undefined && (typeof redis !== 'object' || redis === null))
    throw new InvalidArgumentError('redis', 'must be options of ioredis')
  if (typeof (redis as { duplicate?: unknown } | undefined)?.duplicate === 'function')
    throw new InvalidArgumentError('redis', 'must be options of ioredis, not a client; give that as client')
  if (client !== undefined && !isIoredis(client))
    throw new InvalidArgumentError(
      'client',
      'must be a client of ioredis, a Redis or a Cluster; those of other packages cannot be used',
    )
  if (client !== undefined && (url !== undefined || redis !== undefined))
    throw new InvalidArgumentError('client', 'must not stand beside url or redis')
  if (url === undefined && redis === undefined && client === undefined)
    throw new InvalidArgumentError('url', 'must be given, or redis, or client')
}
