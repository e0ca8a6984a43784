import { InvalidArgumentError } from '@dir/storage-core'
import type { RedisOptions } from 'ioredis'

/** What may stand in a URL's query; whatever else ioredis would read there could win over this package's settings. */
const IN_QUERY = ['db', 'family'] as const

/** Options that say where the server is and how it is entered. All others of ioredis are this package's to set. */
const ADDRESS = [
  'host',
  'port',
  'path',
  'family',
  'username',
  'password',
  'db',
  'tls',
  'connectionName',
  'keepAlive',
  'noDelay',
  'Connector',
  'sentinels',
  'name',
  'sentinelUsername',
  'sentinelPassword',
  'sentinelRetryStrategy',
  'sentinelReconnectStrategy',
  'sentinelCommandTimeout',
  'sentinelMaxConnections',
  'sentinelTLS',
  'enableTLSForSentinelMode',
  'updateSentinels',
  'failoverDetector',
  'natMap',
] as const satisfies readonly (keyof RedisOptions)[]

/** Those of a client's options that say where the server is; for others that it has, undefined, which is their default. */
export function addressOf(options: object): RedisOptions {
  const known: readonly string[] = ADDRESS
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, known.includes(name) ? value : undefined]),
  )
}

/** A URL or a path as options of ioredis. The text may hold a password, so that no error shows it. */
export function addressOfUrl(url: string): RedisOptions {
  try {
    if (url.startsWith('/')) return { path: url }
    return parse(new URL(url))
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error
    throw new InvalidArgumentError('url', 'must be a URL such as redis://user:password@host:6379/0')
  }
}

function parse({ protocol, hostname, port, username, password, pathname, searchParams }: URL): RedisOptions {
  for (const name of searchParams.keys())
    if (!(IN_QUERY as readonly string[]).includes(name))
      throw new InvalidArgumentError(
        'url',
        `must have no options of ioredis in its query but ${IN_QUERY.join(' and ')}; give others by redis`,
      )
  const socket = protocol === 'unix:'
  if (!socket && protocol !== 'redis:' && protocol !== 'rediss:') throw new TypeError('another protocol')
  const [db, family] = [
    searchParams.get('db') ?? (socket ? '' : pathname.slice(1)),
    searchParams.get('family'),
  ]
  return {
    ...(socket
      ? { path: decodeURIComponent(pathname) }
      : { host: hostname.replaceAll(/^\[|\]$/g, '') || 'localhost' }),
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(db === '' ? {} : { db: wholeNumber(db) }),
    ...(family === null ? {} : { family: wholeNumber(family) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new TypeError('no number')
  return Number(text)
}
