import { AuthError, ConfigurationError, type ErrorContext, type StorageError } from '@dir/storage-core'
import type { MongoFailure } from './driver-errors.ts'
import { kindOf } from './error-codes.ts'

/** Node's codes for a certificate that it does not take, and for what is no TLS. */
const CERTIFICATE = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/
const TLS = /^(ERR_SSL_|EPROTO|ERR_TLS_)/

/** How to make a one-node replica set of a standalone server stands in the message. */
export function standalone(found: string, context?: ErrorContext): ConfigurationError {
  return new ConfigurationError(
    [
      'MongoDB must be a replica set, of one node at least, or a sharded cluster: a standalone has no transactions. To make it a one-node set:',
      '  start it with:  mongod --replSet rs0 …',
      "  then once:      mongosh --eval 'rs.initiate()'",
    ].join('\n'),
    'replSet',
    found,
    'a replica set',
    context,
  )
}

/** What kept the driver from connecting, where trying again does not help; null: it may. */
export function wayThere(failure: MongoFailure, context: ErrorContext): StorageError | null {
  const servers = failure.name === 'MongoServerSelectionError' ? serversOf(failure) : null
  if (servers?.length === 0) return standalone('no member of the set that the URL names', context)
  if (servers?.some(({ type }) => type === 'RSGhost') === true)
    return standalone('a member of a set that was never initiated', context)
  const errors = [failure, ...(servers ?? []).map(({ error }) => error)].flatMap(chainOf)
  if (errors.some(({ code }) => kindOf(code) === 'auth' || kindOf(code) === 'permission'))
    return new AuthError('MongoDB refused the credentials. Check user, password and authSource.', context)
  const codes = errors.map(({ code }) => String(code))
  const certificate = codes.find((code) => CERTIFICATE.test(code))
  if (certificate !== undefined)
    return new ConfigurationError(
      `The server's TLS certificate is not accepted (${certificate}). Name its authority by tlsCAFile, and the server by a name that stands in the certificate.`,
      'tls',
      certificate,
      'a certificate that is trusted',
      context,
    )
  if (codes.some((code) => TLS.test(code)))
    return new ConfigurationError(
      'The URL asks for TLS, and the server does not speak it at this port. Leave out tls=true, or set TLS up at the server.',
      'tls',
      'a plain port',
      'a port with TLS',
      context,
    )
  return null
}

interface Met {
  readonly type?: unknown
  readonly error?: unknown
}

/** What the driver met at the addresses of the URL; servers of another set it has dropped. */
function serversOf(failure: MongoFailure): readonly Met[] | null {
  const { servers } = (failure.reason ?? {}) as { readonly servers?: unknown }
  return servers instanceof Map ? [...(servers.values() as Iterable<Met>)] : null
}

/** The error, and what it was caused by. */
function chainOf(error: unknown): MongoFailure[] {
  const chain: MongoFailure[] = []
  for (
    let at = error;
    typeof at === 'object' && at !== null && chain.length < 5;
    at = (at as MongoFailure).cause
  )
    chain.push(at)
  return chain
}
