import { once } from 'node:events'
import { type Watching, keepWatching } from '@dir/storage-core/adapter'
import type { ClientConfig, Pool, PoolClient } from 'pg'
import { Lease } from './lease.ts'
import type { LockNames } from './locks.ts'

/** How long the server may take to say who it is. */
const PATIENCE_MS = 5_000

/** What appends events tells those who follow, if there are any: a server's notifications keep its commits from going side by side. */
export function notifyFollowers({ followers, channel }: LockNames): string {
  return /* sql */ `IF NOT pg_try_advisory_xact_lock(${followers}) THEN PERFORM pg_notify('${channel}', ''); END IF;`
}

/**
 * Listens on a connection of its own. Not through a pooler: those that hand out their sessions anew would tell nothing, and
 * keep the lock on one of them.
 */
export function watchEvents(pool: Pool, names: LockNames, changed: () => void): Watching {
  return keepWatching(changed, async (signal, live) => {
    const client = clientLike(pool)
    const ended = once(client, 'end')
    ended.catch(() => {}) // it may break before it is waited for
    client.on('error', () => {})
    const close = (): void => void client.end().catch(() => {})
    signal.addEventListener('abort', close)
    try {
      await client.connect()
      if (!(await new Lease(client, false).isDirect(performance.now() + PATIENCE_MS))) return false
      client.on('notification', changed)
      await client.query(/* sql */ `LISTEN "${names.channel}"`)
      await client.query(/* sql */ `SELECT pg_advisory_lock_shared(${names.followers})`)
      live()
      await ended
      return true
    } finally {
      signal.removeEventListener('abort', close)
      close()
    }
  })
}

/** As the pool makes its own. */
function clientLike(pool: Pool): PoolClient {
  const { Client: PoolClient, options } = pool as unknown as {
    readonly Client: new (options: ClientConfig) => PoolClient
    readonly options: ClientConfig
  }
  return new PoolClient(options)
}
