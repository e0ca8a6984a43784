import {
  AuthError,
  ConfigurationError,
  type ErrorContext,
  PermissionError,
  ReadOnlyError,
  type StorageError,
  StorageFullError,
  StoredDataError,
  UnavailableError,
} from '@dir/storage-core'
import { newerSchema, otherStore } from './schema.ts'

/** What an error reply means. */
export interface Meaning {
  /** It is given before anything is carried out, so it proves that nothing was. */
  readonly nothingRan: boolean
  /** Another server would not say it, or this one not in a moment: the call may be made again within its deadline. */
  readonly passes: boolean
  readonly error: (context: ErrorContext) => StorageError
}

type Make = (context: ErrorContext, detail: string, message: string) => StorageError

const unavailable =
  (message: string): Make =>
  (context) =>
    new UnavailableError(message, 'server', context)
const refusedLogin: Make = (context) =>
  new AuthError('Redis refused the user or the password. Check the URL.', context)
const readOnly: Make = (context) =>
  new ReadOnlyError('This Redis is a replica and takes no calls. Connect to the primary.', {
    ...context,
    retryable: context.outcome === 'not-applied',
  })
const foreignType: Make = (context, detail) =>
  new StoredDataError(detail, 'key', 'has a type that this package does not use', context)
const partOfCluster: Make = (context) =>
  new ConfigurationError(
    'This server is part of a Redis Cluster: give redisStorage a Cluster client of ioredis.',
    'client',
    'one node of a cluster',
    'a Cluster client',
    context,
  )

/**
 * What a server says before it carries anything out; by the first word. The list is closed: whatever is not on it, a
 * proxy's `ERR` for example, proves nothing.
 */
const BEFORE: Readonly<Record<string, Make>> = {
  OOM: (context) => new StorageFullError('memory', context),
  MISCONF: (context) => new StorageFullError('disk', context),
  NOREPLICAS: unavailable('Redis has fewer replicas than min-replicas-to-write asks for. Try again later.'),
  NOAUTH: (context) => new AuthError('Redis asks for a password. Give it in the URL.', context),
  WRONGPASS: refusedLogin,
  NOPERM: (context) =>
    new PermissionError(
      'This Redis user may not run what is needed, or not on these keys. See the README for the list.',
      context,
    ),
  DENIED: (context) =>
    new ConfigurationError(
      'Redis runs in protected mode and takes no calls from other machines. Give it a password, or set protected-mode to no.',
      'protected-mode',
      'yes',
      'a password, or no',
      context,
    ),
  NOSCRIPT: unavailable('Redis forgot a script while it was being sent. Try again.'),
  // of this package's scripts, before they write
  DIRPERM: (context, detail) =>
    new PermissionError(
      `This Redis user may not run what is needed: ${detail.toLowerCase().replaceAll(',', ', ')}. Grant it these commands, or enable them.`,
      context,
    ),
  DIRTYPE: foreignType,
  DIRSTORE: (context) => otherStore(context),
  DIRSCHEMA: (context, detail, message) => newerSchema(detail, message.split(' ')[2] ?? '', context),
}

/** As `BEFORE`, of what another server would not say, or this one not in a moment. */
const PASSING: Readonly<Record<string, Make>> = {
  READONLY: readOnly,
  MASTERDOWN: readOnly,
  DIRROLE: readOnly,
  LOADING: unavailable('Redis is still loading its data. Try again in a moment.'),
  BUSY: unavailable('Redis is busy with a script. Try again in a moment.'),
  CLUSTERDOWN: unavailable('The Redis Cluster is down, or nobody has this slot. Try again in a moment.'),
  TRYAGAIN: unavailable('The slot is on its way to another node. Try again in a moment.'),
}

/** Before anything is carried out too, but only a wrong client is told so. */
const CLUSTER: Readonly<Record<string, Make>> = {
  MOVED: partOfCluster,
  ASK: partOfCluster,
  CROSSSLOT: partOfCluster,
}

/** What says nothing of whether it was carried out. */
const AFTER: Readonly<Record<string, Make>> = {
  DIRCALL: (context) =>
    new UnavailableError('The call was made, but its answer is lost.', 'answer', {
      ...context,
      outcome: 'unknown',
    }),
  DIRDATA: (context, detail) =>
    new StoredDataError(detail, 'record', 'is not what this package stores', context),
  WRONGTYPE: foreignType,
  UNKILLABLE: unavailable('Redis is busy with a script that has written. Try again in a moment.'),
  UNBLOCKED: readOnly,
}

/** `ERR` and its text, where that is the server's own and comes before anything is carried out. */
const TEXTS: readonly (readonly [RegExp, Make])[] = [
  [
    /^ERR max number of clients/,
    unavailable(
      'Redis takes no more connections: maxclients is reached. Raise it, or close connections elsewhere.',
    ),
  ],
  [
    /^ERR unknown command/i,
    (context, _, message) => {
      const name = /^ERR unknown command .?(evalsha|eval|info|select)\b/i.exec(message)?.[1] ?? 'such command'
      return new ConfigurationError(
        `This Redis has no ${name}: it is disabled or renamed. Enable it; the README lists the commands that are needed.`,
        'commands',
        'disabled',
        'those that the README names',
        context,
      )
    },
  ],
  [
    /^ERR (invalid DB index|DB index is out of range|SELECT is not allowed)/i,
    (context) =>
      new ConfigurationError(
        'This Redis has no database of that number. Leave the number out of the URL, and use namespaces.',
        'database',
        'a number that the server does not have',
        'a database of the server',
        context,
      ),
  ],
  [
    /^ERR Error compiling script.*#/,
    (context) =>
      new ConfigurationError(
        'This Redis is older than 7.0; its scripts can be refused half-way. Use 7.0 or newer.',
        'redis_version',
        'older than 7.0',
        '7.0',
        context,
      ),
  ],
  [/^ERR (invalid password|.*AUTH.* (called|configured|must be))/i, refusedLogin],
]

/** What an error reply means; undefined: it says nothing that can be relied on. */
export function meaningOf(message: string): Meaning | undefined {
  const [prefix = '', detail = ''] = message.split(' ')
  // the same words from a command inside a script: what came before that was carried out
  const inScript = / script: [0-9a-f]{40}/.test(message)
  const of = (make: Make | undefined, nothingRan: boolean, passes = false): Meaning | undefined =>
    make && {
      nothingRan: nothingRan && !inScript,
      passes,
      error: (context) => make(context, detail, message),
    }
  return (
    of(own(BEFORE, prefix) ?? own(CLUSTER, prefix), true) ??
    of(own(PASSING, prefix), true, true) ??
    of(own(AFTER, prefix), false) ??
    of(TEXTS.find(([text]) => text.test(message))?.[1], true)
  )
}

function own(table: Readonly<Record<string, Make>>, prefix: string): Make | undefined {
  return Object.hasOwn(table, prefix) ? table[prefix] : undefined
}
