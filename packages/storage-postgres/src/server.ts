import { randomBytes } from 'node:crypto'
import { ConfigurationError, ReadOnlyError } from '@dir/storage-core'
import type { PgConnection } from './connection.ts'
import { Failure } from './failure.ts'
import { type PgSession, number, text } from './session.ts'

const OLDEST = 120_000
const SECOND_CONNECTION_MS = 500

/** What the server says of itself. */
export interface ServerFacts {
  readonly version: string
  readonly synchronousCommit: string
  readonly fsync: string
}

/** Reads the server's settings, and refuses a server that cannot keep the contract. */
export async function judgeServer(db: PgSession): Promise<ServerFacts> {
  const [row] =
    await db.read(/* sql */ `SELECT version() AS version, current_setting('server_version_num') AS number,
      current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS synchronous_commit,
      current_setting('fsync', true) AS fsync, current_setting('default_transaction_read_only') AS read_only,
      pg_is_in_recovery() AS is_standby`)
  const encoding = text(row, 'encoding')
  if (number(row, 'number') < OLDEST)
    throw new ConfigurationError(
      'This PostgreSQL is too old.',
      'server_version_num',
      text(row, 'number'),
      String(OLDEST),
    )
  if (encoding !== 'UTF8')
    throw new ConfigurationError(
      'The database cannot hold every text. Create one with ENCODING UTF8.',
      'server_encoding',
      encoding,
      'UTF8',
    )
  if (text(row, 'is_standby') === 't')
    throw new ReadOnlyError('The server is a standby, which takes no writes. Connect to the primary.')
  if (text(row, 'read_only') === 'on')
    throw new ReadOnlyError(
      'default_transaction_read_only is on for this role or database. Use another, or turn it off.',
    )
  return {
    version: text(row, 'version'),
    synchronousCommit: text(row, 'synchronous_commit'),
    fsync: row?.['fsync'] ?? 'unknown',
  }
}

/**
 * Proves that advisory locks keep others out: one is held on one connection, and must be refused on another. Without a
 * second connection (a pool of one) the server must at least show the lock as held. Some servers only pretend to lock.
 * @returns how it was proved.
 */
export async function proveLocks(pg: PgConnection, deadline: number): Promise<string> {
  const key = randomBytes(8).readBigInt64BE()
  return pg.transaction({ deadline, locks: null, lockWaitMs: 0 }, async (holder) => {
    await holder.read(/* sql */ `SELECT pg_advisory_xact_lock($1)`, String(key))
    const soon = Math.min(deadline, performance.now() + SECOND_CONNECTION_MS)
    try {
      const [row] = await pg
        .session(soon)
        .read(/* sql */ `SELECT pg_try_advisory_xact_lock($1)::TEXT AS is_free`, String(key))
      if (text(row, 'is_free') === 'true') throw stubs()
      return 'by two connections'
    } catch (error) {
      if (!(error instanceof Failure)) throw error
    }
    const held = await holder.read(
      /* sql */ `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
        AND (classid::BIGINT << 32 | objid::BIGINT) = $1`,
      String(key),
    )
    if (held.length === 0) throw stubs()
    return 'by pg_locks: no second connection was free'
  })
}

function stubs(): ConfigurationError {
  return new ConfigurationError(
    'The advisory locks of this server exclude nobody, so that capacities could be overbooked. Use PostgreSQL, or a server whose advisory locks lock.',
    'advisory locks',
    'do not exclude',
    'exclude',
  )
}
