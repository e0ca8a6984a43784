import { ConfigurationError } from '@dir/storage-core'
import { settleBy } from '@dir/storage-core/adapter'
import type { RedisConnection } from './connection.ts'
import { NoAnswerError } from './errors.ts'
import { as } from './protocol.ts'
import { type Script, newScript } from './script.ts'

/** What the server says of itself, where the namespace lies. */
export const infoScript: Script = newScript(`#!lua flags=no-writes\nreturn redis.call('INFO')`, ['meta'])

/** What a server says of itself. */
export interface ServerFacts {
  readonly version: string
  readonly mode: string
  readonly role: string
  /** `unknown` where the server does not say. */
  readonly evictionPolicy: string
  readonly appendOnly: boolean
  /** `always`, `everysec` or `no`; `unknown` where this user may not ask. */
  readonly appendFsync: string
  /** How large a request the server takes, in bytes. */
  readonly maxRequestBytes: number
  /** Its clock, when it answered; null where it does not say. */
  readonly clockMicros: number | null
}

/** The facts of the server on which the namespace lies; of a cluster's others, none has to be up. */
export async function readServer(connection: RedisConnection, deadline: number): Promise<ServerFacts> {
  const text = as<string>(await connection.repeat(infoScript, null, deadline, 'not-applied'))
  const info = fieldsOf(text)
  const clock = info.get('server_time_usec')
  const settings = await readSettings(connection, info.get('run_id') ?? '', deadline)
  return {
    version: info.get('redis_version') ?? 'unknown',
    mode: info.get('redis_mode') ?? 'unknown',
    role: info.get('role') ?? 'unknown',
    evictionPolicy: info.get('maxmemory_policy') ?? settings.get('maxmemory-policy') ?? 'unknown',
    appendOnly: info.get('aof_enabled') === '1',
    appendFsync: settings.get('appendfsync') ?? 'unknown',
    maxRequestBytes: Math.min(
      Number(settings.get('client-query-buffer-limit') ?? Infinity),
      Number(settings.get('proto-max-bulk-len') ?? Infinity),
    ),
    clockMicros: clock === undefined ? null : Number(clock),
  }
}

const SETTINGS = ['appendfsync', 'maxmemory-policy', 'client-query-buffer-limit', 'proto-max-bulk-len']

/** CONFIG is often forbidden, or renamed: then nothing is known. */
async function readSettings(
  connection: RedisConnection,
  runId: string,
  deadline: number,
): Promise<ReadonlyMap<string, string>> {
  const asked = connection.nodes.map(async (node) => {
    if (fieldsOf(await node.info('server')).get('run_id') !== runId) throw new Error('another node')
    const reply = await node.config('GET', ...SETTINGS).catch(() => [])
    return Array.isArray(reply) ? (reply as readonly string[]) : []
  })
  const reply = await settleBy(deadline, Promise.any(asked), () => new NoAnswerError(0)).catch(() => [])
  const pairs = reply.flatMap((name, index): [string, string][] =>
    index % 2 === 0 ? [[name, String(reply[index + 1])]] : [],
  )
  return new Map(pairs)
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  return new Map(
    info.split('\r\n').map((line): [string, string] => {
      const [name = '', ...value] = line.split(':')
      return [name, value.join(':')]
    }),
  )
}

/** Refuses a server on which the contract cannot be kept. */
export function judgeServer(facts: ServerFacts, allowEviction: boolean): void {
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
  // volatile-*: only keys with a time to live, and none of this package's has one
  if (facts.evictionPolicy.startsWith('allkeys-') && !allowEviction)
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
