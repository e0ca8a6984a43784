import {
  AuthError,
  ConfigurationError,
  type ErrorContext,
  type StorageError,
  UnavailableError,
} from '@dir/storage-core'
import { codeOf, isDisconnection, isNoClient, isPoolers, isTls, isUnsent, messageOf } from './wire.ts'

/** What went wrong on the way to the server, or to a session on it, and what to do. */
export function wayError(
  cause: unknown,
  context: ErrorContext,
  isConnecting: boolean,
): StorageError | undefined {
  const code = codeOf(cause)
  if (code.startsWith('28') || /^SASL|^Password must be a string/.test(messageOf(cause)))
    return new AuthError(
      'PostgreSQL refused the user, the password, or the way they arrive (pg_hba.conf). Check user and password in the URL, and whether the server demands TLS.',
      context,
    )
  if (isTls(cause))
    return new ConfigurationError(
      'No TLS connection could be made: the certificate is not trusted or is for another name, or the server speaks no TLS on this port. Give the CA in connection.ssl.ca, correct the host, or leave TLS off.',
      'ssl',
      code || 'no TLS',
      'a server that speaks TLS and whose certificate is trusted',
      context,
    )
  if (/^(3D000|57P04)$/.test(code))
    return new UnavailableError(
      'There is no such database on this server. Create it, or correct the URL.',
      'connect',
      { ...context, retryable: false },
    )
  if (code === '53300')
    return new UnavailableError(
      'The server has no connection left for this role. Raise max_connections or the limit of the role or database, or use fewer connections: smaller pools, fewer processes, a pooler.',
      'connect',
      context,
    )
  if (isNoClient(cause))
    return new UnavailableError(
      'No connection was free in time: the pool is too small for what uses it, or the server does not answer.',
      'pool',
      context,
    )
  if (isPoolers(cause))
    return new UnavailableError(
      `The pooler before PostgreSQL refused${isConnecting ? '' : ' or ended the connection'}: it has no room, no server, or does not know the database or the user. See its log, and the cause.`,
      isConnecting ? 'connect' : 'reply',
      context,
    )
  if (isConnecting || isUnsent(cause) || context.outcome === 'not-applied')
    return isLost(cause)
      ? new UnavailableError(
          `PostgreSQL cannot be reached${code === '' ? '' : ` (${code})`}. Check that it runs, and the host and port in the URL.`,
          'connect',
          context,
        )
      : undefined
  return isLost(cause)
    ? new UnavailableError(
        'The connection was lost before the server answered; whether it wrote is not known.',
        'reply',
        context,
      )
    : undefined
}

function isLost(cause: unknown): boolean {
  return (
    isDisconnection(cause) ||
    /^(40003|E[A-Z_]{3,})$/.test(codeOf(cause)) ||
    messageOf(cause) === 'timeout expired'
  )
}
