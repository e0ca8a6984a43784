import type { Health } from '@dir/storage-core'

export type Level = 'ok' | 'warning' | 'problem'

/** One thing that doctor looked at. */
export interface Finding {
  readonly level: Level
  readonly subject: string
  /** How it is. */
  readonly text: string
  /** What to do about it. */
  readonly advice?: string
}

type Details = Health['details']

/** With clocks further apart than this, a lease seems to end at another moment than it does. */
const CLOCKS_APART_MS = 2_000

/** A log that is emptied regularly stays far below. */
const LARGE_LOG_BYTES = 256 * 1024 * 1024

/** What the health of one backend says; `askedAt` is the host's clock in the middle of asking. */
export function findingsOf({ ok, backend, details }: Health, askedAt: number): Finding[] {
  if (!ok) return [failure(details)]
  return [
    { level: 'ok', subject: 'server', text: serverOf(backend, details) },
    durability(backend, details),
    ...schema(details),
    ...clock(details, askedAt),
    ...rights(details),
    ...named(details, 'missingIndexes', 'indexes', 'are missing', {
      level: 'problem',
      none: 'all there',
      advice: 'Lists and reads become slow without them: run what `schema --print` shows of them.',
    }),
    ...named(details, 'raisedNumbers', 'sequences', 'stood behind what is stored, and were raised', {
      level: 'warning',
      none: 'none is behind what is stored',
      advice: 'A restore by table or a replication leaves them so. See that it restores sequences too.',
    }),
    ...log(details),
    ...settings(details),
  ]
}

function failure({ code, message }: Details): Finding {
  const [subject, advice] = FAILURES[String(code)] ?? ['store', 'Mend that, and look again.']
  return { level: 'problem', subject, text: `${String(message)} [${String(code)}]`, advice }
}

/** What cannot be said of a store that does not open. */
const FAILURES: Readonly<Record<string, readonly [subject: string, advice: string]>> = {
  STORAGE_CONFLICT: [
    'import',
    'An import was begun and not finished: run the same `import` or `copy` again, from its start; nobody can write until then.',
  ],
  STORAGE_SCHEMA: ['schema', 'Run `schema --migrate`, or what `schema --print` shows.'],
  STORAGE_UNAVAILABLE: ['server', 'See that the server runs and that its address is right.'],
  STORAGE_TIMEOUT: ['server', 'See why the server does not answer, or give it more time by --timeout.'],
  STORAGE_AUTH: ['role', 'See to user and password.'],
  STORAGE_PERMISSION: ['role', 'Grant the role what `schema --print` shows.'],
  STORAGE_CONFIGURATION: ['settings', 'Change that setting of the server.'],
  STORAGE_CORRUPT: ['store', 'Restore a backup. Keep the damaged file until you have.'],
}

function serverOf(backend: string, details: Details): string {
  const { server, redisVersion, mode, mongoVersion, topology, members, sqliteVersion, journalMode } = details
  if (server !== undefined) return String(server).split(',')[0] ?? ''
  if (redisVersion !== undefined) return `Redis ${redisVersion}, ${String(mode)}`
  if (mongoVersion !== undefined) return `MongoDB ${mongoVersion}, ${String(topology)} of ${String(members)}`
  if (sqliteVersion !== undefined) return `SQLite ${sqliteVersion}, journal mode ${String(journalMode)}`
  return backend
}

function durability(backend: string, details: Details): Finding {
  const { durable, durability: inWords, appendFsync, fsync, synchronousCommit, writeConcern } = details
  const finding = (level: Level, text: string, advice?: string): Finding => {
    return { level, subject: 'durability', text, ...(advice === undefined ? {} : { advice }) }
  }
  if (inWords !== undefined)
    return details['appendOnly'] !== true
      ? finding(
          'problem',
          String(inWords),
          'Set appendonly yes, and appendfsync always where a power cut matters.',
        )
      : finding(
          appendFsync === 'always' ? 'ok' : 'warning',
          String(inWords),
          appendFsync === 'always' ? undefined : 'Set appendfsync always where that is too little.',
        )
  if (fsync === 'off')
    return finding('problem', 'a crash of the server can cost anything: fsync is off', 'Set fsync on.')
  if (durable === false)
    return finding('warning', 'none: it ends with the process', 'Use it for tests and examples only.')
  if (synchronousCommit !== undefined)
    return finding(
      'ok',
      `acknowledged writes are on the disk (synchronous_commit ${String(synchronousCommit)})`,
    )
  if (writeConcern !== undefined)
    return finding('ok', `acknowledged writes are with a majority (${String(writeConcern)})`)
  if (details['synchronous'] !== undefined && details['synchronous'] !== 'full')
    return finding(
      'problem',
      'a power cut may cost the last writes',
      'Open it by this package, which syncs fully.',
    )
  return durable === true
    ? finding('ok', 'acknowledged writes are on the disk')
    : finding('warning', `${backend} does not say what an acknowledged write survives`)
}

function schema({ schemaVersion: version }: Details): Finding[] {
  if (version === undefined) return []
  if (version !== 0) return [{ level: 'ok', subject: 'schema', text: `version ${String(version)}` }]
  const text = 'the tables of the Python original, without those of this package: it can be read'
  return [{ level: 'warning', subject: 'schema', text, advice: 'Run `schema --migrate` before you write.' }]
}

function clock({ clock: told }: Details, askedAt: number): Finding[] {
  if (typeof told !== 'string') return []
  const apartMs = Math.round(Date.parse(told) - askedAt)
  const text = `the server's is ${Math.abs(apartMs)} ms ${apartMs < 0 ? 'behind' : 'ahead of'} this host's`
  if (Math.abs(apartMs) <= CLOCKS_APART_MS) return [{ level: 'ok', subject: 'clock', text }]
  const advice = 'Leases and ages go by the server: set both clocks by NTP.'
  return [{ level: 'warning', subject: 'clock', text, advice }]
}

function rights({ user, missingRights }: Details): Finding[] {
  if (missingRights === undefined && user === undefined) return []
  const who = user === undefined || user === '' ? 'it' : String(user)
  if (missingRights === undefined || missingRights === '')
    return [{ level: 'ok', subject: 'role', text: `${who} may do what is needed` }]
  const text = `${who} lacks ${String(missingRights)}`
  return [{ level: 'problem', subject: 'role', text, advice: 'Grant it what `schema --print` shows.' }]
}

interface Named {
  readonly level: Level
  readonly none: string
  readonly advice: string
}

/** Of a detail that lists names, empty where there are none. */
function named(
  details: Details,
  name: string,
  subject: string,
  what: string,
  { level, none, advice }: Named,
): Finding[] {
  const names = details[name]
  if (names === undefined) return []
  if (names === '') return [{ level: 'ok', subject, text: none }]
  return [{ level, subject, text: `${String(names)} ${what}`, advice }]
}

function log({ logBytes }: Details): Finding[] {
  if (typeof logBytes !== 'number') return []
  const text =
    logBytes === 0
      ? 'no write-ahead log waits beside it'
      : `a write-ahead log of ${logBytes} bytes stands beside it; copy both, or neither`
  if (logBytes < LARGE_LOG_BYTES) return [{ level: 'ok', subject: 'side files', text }]
  const advice = 'Somebody reads for very long, so that it cannot be emptied: find and end that.'
  return [{ level: 'warning', subject: 'side files', text, advice }]
}

function settings({ evictionPolicy }: Details): Finding[] {
  if (typeof evictionPolicy !== 'string' || !evictionPolicy.startsWith('allkeys-')) return []
  const text = `the server may evict keys (${evictionPolicy}), and with them records and holds`
  return [{ level: 'problem', subject: 'settings', text, advice: 'Set maxmemory-policy noeviction.' }]
}
