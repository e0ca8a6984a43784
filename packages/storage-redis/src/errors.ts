import {
  AuthError,
  ConfigurationError,
  InternalError,
  type Outcome,
  PermissionError,
  ReadOnlyError,
  SchemaError,
  type StorageError,
  StorageFullError,
  StoredDataError,
  TimeoutError,
  UnavailableError,
  isStorageError,
} from '@dir/storage-core'

/** No reply came by the deadline. */
export class NoAnswerError extends Error {
  readonly waitedMs: number
  constructor(waitedMs: number) {
    super('no reply')
    this.waitedMs = waitedMs
  }
}

/** No connection came about by the deadline. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super('no connection', { cause })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '')

/** The server refused a command: it was not carried out, and the connection is well. */
export function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

export function isUnknownScript(error: unknown): boolean {
  return isReply(error) && messageOf(error).startsWith('NOSCRIPT')
}

/** The server may be another one by now, which takes writes: ioredis connects anew. */
export function isReadOnlyReply(error: unknown): boolean {
  return /^(READONLY|MASTERDOWN)/.test(messageOf(error))
}

/** What a script's function failed with. It reads before it writes; but of earlier ones of its work, `begun`, some may be made. */
export function failedScript(message: string, begun: number): StorageError {
  const [prefix, detail = ''] = message.split(' ')
  if (prefix === 'DIRDATA' && begun <= 1) return foreignRecord(detail)
  return new InternalError('A script failed in a way that this version does not know. Please report it.', {
    outcome: 'unknown',
    cause: new Error(message),
  })
}

function foreignRecord(table: string): StoredDataError {
  return new StoredDataError(table, 'record', 'is not what this package stores')
}

/** The server refused the user or the password. */
export function isRefusedLogin(error: unknown): boolean {
  return isReply(error) && /^(NOAUTH|WRONGPASS)|invalid password/.test(messageOf(error))
}

/** The one place where errors of the driver and the server become errors of the contract. */
export function mapError(cause: unknown, outcome: Outcome): StorageError {
  if (isStorageError(cause)) return cause
  if (cause instanceof NoAnswerError)
    return new TimeoutError(cause.waitedMs, 'waiting for Redis', { outcome })
  if (cause instanceof UnreachableError)
    return new UnavailableError('Redis cannot be reached. Check that it runs, and the address.', 'connect', {
      outcome,
      ...(cause.cause === undefined ? {} : { cause: cause.cause }),
    })
  return isReply(cause) ? mapReply(cause) : mapFailure(cause, outcome)
}

function mapReply(cause: unknown): StorageError {
  const message = messageOf(cause)
  const [prefix = '', detail = ''] = message.split(' ')
  const context = { cause }
  switch (prefix) {
    case 'OOM':
      return new StorageFullError('memory', context)
    case 'MISCONF':
      return new StorageFullError('disk', context)
    case 'READONLY':
    case 'MASTERDOWN':
      return new ReadOnlyError('This Redis is a replica and takes no writes. Connect to the primary.', {
        ...context,
        retryable: true,
      })
    case 'LOADING':
    case 'BUSY':
    case 'UNKILLABLE':
    case 'CLUSTERDOWN':
    case 'TRYAGAIN':
    case 'NOREPLICAS':
    case 'MAXCLIENTS':
      return new UnavailableError('Redis takes no calls now. Try again in a moment.', 'server', context)
    case 'WRONGTYPE':
      return new StoredDataError(detail, 'key', 'has a type that this package does not use')
    case 'NOAUTH':
    case 'WRONGPASS':
      return new AuthError('Redis refused the user or the password. Check the URL.', context)
    case 'NOPERM':
      return new PermissionError(
        'This Redis user may not run what is needed. See the README for the list.',
        context,
      )
    case 'CROSSSLOT':
    case 'MOVED':
    case 'ASK':
      return new ConfigurationError(
        'This server is part of a Redis Cluster: give redisStorage a Cluster client of ioredis.',
        'client',
        'one node of a cluster',
        'a Cluster client',
      )
    case 'DIRDATA':
      return foreignRecord(detail)
    case 'DIRSCHEMA':
      return newerSchema(detail)
    case 'DIRCALL':
      return new UnavailableError('The call was carried out, but its answer is lost.', 'answer', {
        outcome: 'unknown',
        cause,
      })
  }
  if (/DB index|SELECT is not allowed/i.test(message))
    return new ConfigurationError(
      'This Redis has no database of that number. Leave the number out of the URL, and use namespaces.',
      'database',
      'a number that the server does not have',
      'a database of the server',
    )
  if (isRefusedLogin(cause))
    return new AuthError('Redis refused the user or the password. Check the URL.', context)
  return new InternalError(
    'Redis answered in a way that this version does not know. Please report it.',
    context,
  )
}

function mapFailure(cause: unknown, outcome: Outcome): StorageError {
  const message = messageOf(cause)
  const known =
    /ECONN|EPIPE|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST|ENET|ENOENT|CERT|TLS|SSL|Connection is closed|MaxRetriesPerRequest|max retries per request|writeable|Command aborted|Socket timeout|slots cache|Cluster|None of startup nodes|all sentinels/i
  const { name = '', code = '' } = (cause ?? {}) as {
    readonly name?: string
    readonly code?: string | number
  }
  if (known.test(`${name} ${code} ${message}`))
    return new UnavailableError('Redis cannot be reached, or the connection to it was lost.', 'connection', {
      outcome,
      cause,
    })
  return new InternalError('An unexpected error came from the Redis client. Please report it.', {
    outcome,
    cause,
  })
}

export function newerSchema(found: string): SchemaError {
  return new SchemaError(
    `The namespace has schema version ${found}, which this version of the package does not know. Update the package.`,
    found,
    '1',
  )
}
