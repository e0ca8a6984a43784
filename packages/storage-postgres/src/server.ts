import { randomBytes } from 'node:crypto'
import { ConfigurationError, ReadOnlyError } from '@dir/storage-core'
import type { PgConnection } from './connection.ts'
import { Failure } from './failure.ts'
import { OWN_TABLES } from './schema.ts'
import { type PgSession, number, text } from './session.ts'
import { micros } from './time.ts'
import { isPoolers, shownText } from './wire.ts'

const OLDEST = 120_000
const SECOND_CONNECTION_MS = 500

/** What the server says of itself. */
export interface ServerFacts {
  readonly version: string
  readonly synchronousCommit: string
  readonly fsync: string
  /** Its clock, when it answered. */
  readonly clockMicros: number
}

/** Reads the server's settings, and refuses a server that cannot keep the contract. */
export async function judgeServer(db: PgSession): Promise<ServerFacts> {
  const [row] =
    await db.read(/* sql */ `SELECT version() AS version, current_setting('server_version_num') AS number,
      current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS synchronous_commit,
      current_setting('fsync', true) AS fsync, current_setting('default_transaction_read_only') AS read_only,
      current_setting('array_nulls') AS array_nulls, ${micros('clock_timestamp()')} AS clock`)
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
  const arrayNulls = text(row, 'array_nulls')
  if (arrayNulls !== 'on')
    throw new ConfigurationError(
      'array_nulls is off, by which an absent value in a list becomes a text. Leave it on for this role and database.',
      'array_nulls',
      arrayNulls,
      'on',
    )
  if (text(row, 'read_only') === 'on')
    throw new ReadOnlyError(
      'default_transaction_read_only is on for this role or database. Use another, or turn it off.',
    )
  return {
    version: text(row, 'version'),
    synchronousCommit: text(row, 'synchronous_commit'),
    fsync: row?.['fsync'] ?? 'unknown',
    clockMicros: number(row, 'clock'),
  }
}

/** Refuses tables of which this role sees only some rows: a sum of what is hidden lets capacities be overbooked. */
export async function judgeTables(db: PgSession, namespace: string): Promise<void> {
  const hidden = await db.read(
    /* sql */ `SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = ANY($2::TEXT[]) AND row_security_active(c.oid) ORDER BY c.relname`,
    namespace,
    [...OWN_TABLES],
  )
  if (hidden.length > 0)
    throw new ConfigurationError(
      'Row level security may hide rows of these tables from this role. Disable it on them, or use their owner or a role with BYPASSRLS.',
      'row security',
      `active on ${hidden.map((row) => text(row, 'relname')).join(', ')}`,
      'not active',
    )
}

/** By pool: the handles on one ask once, so that they do not all hold a connection while they wait for another. */
const proofs = new WeakMap<object, Promise<string>>()

/** `proveLocks`, once for each pool. */
export function locksProof(pg: PgConnection, deadline: number): Promise<string> {
  const { pool } = pg.pool
  const found = proofs.get(pool)
  if (found !== undefined) return found
  const proof = proveLocks(pg, deadline)
  proofs.set(pool, proof)
  proof.catch(() => proofs.delete(pool))
  return proof
}

/**
 * Proves that advisory locks keep others out: one is held on one connection, and must be refused on another. Without a
 * second connection (a pool of one) the server must at least show the lock as held. Some servers only pretend to lock.
 * @returns how it was proved.
 */
async function proveLocks(pg: PgConnection, deadline: number): Promise<string> {
  const key = randomBytes(8).readBigInt64BE()
  try {
    return await pg.transaction({ deadline, lock: null }, async (holder) => {
      await holder.read(/* sql */ `SELECT pg_advisory_xact_lock($1)`, String(key))
      const now = performance.now()
      const soon = now + Math.min(SECOND_CONNECTION_MS, (deadline - now) / 4)
      const isFree = await isFreeElsewhere(pg, soon, key)
      // this tells, too, that the holder's transaction still goes on: a lost one excludes nobody
      const held = await holder.read(
        /* sql */ `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()
          AND (classid::BIGINT << 32 | objid::BIGINT) = $1`,
        String(key),
      )
      if (isFree ?? held.length === 0) throw stubs()
      return isFree === null ? 'by pg_locks: no second connection was free' : 'by two connections'
    })
  } catch (error) {
    // statements by themselves were answered just before
    if (error instanceof Failure && !error.isConnecting && isPoolers(error.cause)) throw noTransactions(error)
    throw error
  }
}

/** Whether another connection gets the lock; null: there is none. */
async function isFreeElsewhere(pg: PgConnection, deadline: number, key: bigint): Promise<boolean | null> {
  try {
    const [row] = await pg
      .session(deadline)
      .read(/* sql */ `SELECT pg_try_advisory_xact_lock($1)::TEXT AS is_free`, String(key))
    return text(row, 'is_free') === 'true'
  } catch (error) {
    if (error instanceof Failure) return null
    throw error
  }
}

function stubs(): ConfigurationError {
  return new ConfigurationError(
    'The advisory locks of this server exclude nobody, so that capacities could be overbooked. Use PostgreSQL, or a server whose advisory locks lock.',
    'advisory locks',
    'do not exclude',
    'exclude',
  )
}

function noTransactions({ cause }: Failure): ConfigurationError {
  const causeText = shownText(cause)
  return new ConfigurationError(
    'The pooler before PostgreSQL ended the connection at the beginning of a transaction, as one in statement mode does. Use transaction mode.',
    'pooler',
    'no transactions',
    'transaction mode',
    { cause, ...(causeText === undefined ? {} : { causeText }) },
  )
}
