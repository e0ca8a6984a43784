import { ConfigurationError, type ErrorContext, type StorageError, UnavailableError } from '@dir/storage-core'

type Make = (context: ErrorContext) => StorageError

const unreachable =
  (message: string): Make =>
  (context) =>
    new UnavailableError(message, 'connection', context)
const lost = unreachable('Redis cannot be reached, or the connection to it was lost.')
const noTls: Make = (context) =>
  new ConfigurationError(
    'This Redis does not speak TLS on this port. Write redis:// for rediss://, or give the port of TLS.',
    'url',
    'TLS on a plain port',
    'redis://',
    context,
  )
const needsTls: Make = (context) =>
  new ConfigurationError(
    'What answers on this port is not Redis, or Redis behind TLS. Write rediss:// for redis://, or correct the address.',
    'url',
    'no reply of Redis',
    'the address of a Redis',
    context,
  )
const untrusted: Make = (context) =>
  new ConfigurationError(
    'The certificate of this Redis is not trusted, or is for another name. Give its authority as redis.tls.ca, or correct the name in the URL.',
    'redis.tls',
    'a certificate that is not trusted',
    'its authority in redis.tls.ca',
    context,
  )

/** By the code of the operating system, of TLS or of Node. */
const CODES: Readonly<Record<string, Make>> = {
  ECONNREFUSED: unreachable('Nothing listens at the address of Redis. Check that it runs, and the address.'),
  ENOTFOUND: unreachable('The name of the Redis host is not known. Check the URL.'),
  EAI_AGAIN: unreachable('The name of the Redis host could not be looked up. Check the URL and the network.'),
  ENOENT: unreachable('There is no socket of Redis at that path. Check that it runs, and the path.'),
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  EPROTO: noTls,
}

const CERTIFICATE =
  /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_CERT|HOSTNAME_MISMATCH|ERR_TLS_CERT_ALTNAME)/
const CONNECTION =
  /^(E[A-Z_]+|ERR_(SSL|TLS|SOCKET|STREAM)\w*)$|Connection is closed|MaxRetriesPerRequest|max retries per request|writeable|Command (aborted|timed out)|Socket timeout|slots cache|Cluster|None of startup nodes|all sentinels/i

/** What an error of the connection or of the client means; undefined: it is neither. */
export function failureMeaning(cause: unknown): Make | undefined {
  const { name, code, message } = (cause ?? {}) as Readonly<Record<string, unknown>>
  const text = typeof message === 'string' ? message : ''
  if (typeof code === 'string') {
    if (Object.hasOwn(CODES, code)) return CODES[code]
    if (CERTIFICATE.test(code)) return untrusted
    if (CONNECTION.test(code)) return lost
  }
  if (name === 'ParserError' || /^Protocol error|as reply type byte|Unknown RESP/.test(text)) return needsTls
  return CONNECTION.test(text) || CONNECTION.test(String(name)) ? lost : undefined
}

/** What it means that no connection came about; undefined: what its cause says. */
export function unreachableMeaning(cause: unknown, isTls: boolean): Make | undefined {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  if (isTls && (code === 'ETIMEDOUT' || code === 'ECONNRESET'))
    return unreachable(
      'Redis does not answer to TLS. If its port does not speak it, write redis:// for rediss://; else check that it runs.',
    )
  if (code === 'ECONNRESET')
    return unreachable(
      'The connection to Redis ends as soon as it is made. If its port speaks TLS, write rediss:// for redis://; else look into the log of the server.',
    )
  return undefined
}
