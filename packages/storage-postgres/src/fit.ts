// Which pools and clients of the driver answer in the way that is read here.
import { ConfigurationError, InvalidArgumentError } from '@dir/storage-core'
import type { Pool, PoolClient } from 'pg'

/** An option of the driver that its types do not know: values arrive as text. */
export const TEXT: object = { binary: false }

interface MaybeBinary {
  readonly binary?: unknown
}

/** Refuses what is known of a pool before it connects. */
export function checkPool(pool: Pool): Pool {
  // pools of pg 7 and older, whose clients never connect on today's Node, count nothing that has expired
  if (typeof pool?.connect !== 'function' || typeof pool.on !== 'function' || !('expiredCount' in pool))
    throw new InvalidArgumentError(
      'pool',
      'must be a Pool of the package pg, version 8 with pg-pool 3.5 or newer',
    )
  if ((pool.options as MaybeBinary | undefined)?.binary === true)
    throw new InvalidArgumentError('pool', 'must not have the option binary, by which values arrive as bytes')
  return pool
}

/** Why this client's answers would be misread; null: they are as they should be. */
export function unfit(client: PoolClient): ConfigurationError | null {
  const { binary } = client as MaybeBinary
  if (binary !== true && !('native' in client)) return null
  return new ConfigurationError(
    'This client of pg reads values in a way of its own. Leave its option and default binary off, and use pg without pg-native.',
    'client',
    binary === true ? 'binary' : 'native',
    'text, by JavaScript',
  )
}
