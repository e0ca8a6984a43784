import { ConfigurationError, UnavailableError } from '@dir/storage-core'
import type { RedisConnection } from './connection.ts'

/** What a server says of itself. */
export interface ServerFacts {
  readonly version: string
  readonly mode: string
  readonly role: string
  readonly loading: boolean
  readonly evictionPolicy: string
  readonly appendOnly: boolean
  /** `always`, `everysec` or `no`; `unknown` where this user may not ask. */
  readonly appendFsync: string
}

/** The facts of every node on which the namespace may lie. */
export function readServers(connection: RedisConnection): Promise<readonly ServerFacts[]> {
  return Promise.all(
    connection.nodes.map(async (node): Promise<ServerFacts> => {
      const info = new Map(
        (await node.info()).split('\r\n').map((line): [string, string] => {
          const [name = '', ...value] = line.split(':')
          return [name, value.join(':')]
        }),
      )
      // CONFIG is often forbidden, or renamed: then the answer is not known
      const fsync = await node.config('GET', 'appendfsync').catch(() => [])
      return {
        version: info.get('redis_version') ?? 'unknown',
        mode: info.get('redis_mode') ?? 'unknown',
        role: info.get('role') ?? 'unknown',
        loading: info.get('loading') === '1',
        evictionPolicy: info.get('maxmemory_policy') ?? 'unknown',
        appendOnly: info.get('aof_enabled') === '1',
        appendFsync: Array.isArray(fsync) && typeof fsync[1] === 'string' ? fsync[1] : 'unknown',
      }
    }),
  )
}

/** Refuses a server on which the contract cannot be kept. */
export function judgeServer(facts: ServerFacts, allowEviction: boolean): void {
  if (facts.loading)
    throw new UnavailableError('Redis is still loading its data. Try again in a moment.', 'server')
  if (Number.parseInt(facts.version, 10) < 7)
    throw new ConfigurationError(
      `This is Redis ${facts.version}; its scripts can be refused half-way. Use 7.0 or newer.`,
      'redis_version',
      facts.version,
      '7.0',
    )
  if (facts.role !== 'master' && facts.role !== 'unknown')
    throw new ConfigurationError(
      'This Redis is a replica and takes no writes. Connect to the primary.',
      'role',
      facts.role,
      'master',
    )
  if (facts.evictionPolicy !== 'noeviction' && !allowEviction)
    throw new ConfigurationError(
      'This Redis may evict keys to make room, and so lose records and holds. Set maxmemory-policy to noeviction, or, if you accept that, allowEviction: true.',
      'maxmemory-policy',
      facts.evictionPolicy,
      'noeviction',
    )
}

/** What an acknowledged write survives, in words. */
export function durability({ appendOnly, appendFsync }: ServerFacts): string {
  if (!appendOnly)
    return 'none: without appendonly, a crash of the server loses everything since its last snapshot'
  switch (appendFsync) {
    case 'always':
      return 'acknowledged writes survive a crash of the server, and a power cut'
    case 'everysec':
      return 'acknowledged writes survive a crash of the server; a power cut may cost the last second'
    case 'no':
      return 'acknowledged writes survive a crash of the server; a power cut may cost what the system had not written yet'
    default:
      return 'acknowledged writes survive a crash of the server; of a power cut nothing is known, because this user may not read appendfsync'
  }
}
