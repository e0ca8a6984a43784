import { InvalidArgumentError } from '../errors/index.ts'

const RESERVED_NAMESPACES = /^(pg_.*|public|information_schema)$/

/** The name of one store among others in the same server. */
export function namespace(argument: string, value: unknown): string {
  if (typeof value !== 'string' || !/^[a-z][a-z0-9_]{0,39}$/.test(value))
    throw new InvalidArgumentError(
      argument,
      'must be 1 to 40 characters of a-z, 0-9 and _, starting with a letter',
    )
  if (RESERVED_NAMESPACES.test(value))
    throw new InvalidArgumentError(
      argument,
      'must not be pg_…, public or information_schema, which PostgreSQL keeps for itself',
    )
  return value
}
