import type { Duplex } from 'node:stream'
import { Client, type ClientConfig, Pool } from 'pg'
import { expect, test } from 'vitest'
import { startPgBouncer } from '../../../scripts/servers/index.ts'
import { orSkip, withServer } from '../../../scripts/servers/live.ts'
import { becomes, whileWatching } from '../../../scripts/servers/watched.ts'
import { postgresStorage } from '../src/index.ts'
import { LockNames } from '../src/locks.ts'
import { watchEvents } from '../src/watch.ts'
import { sql, withDatabase } from './databases.ts'

withServer('postgres', (server) => {
  test('what is appended is told, from batches and transactions too, and after the connection broke', async () => {
    await withDatabase(server, '', async (url) => {
      const [storage, pool] = [postgresStorage({ url }), new Pool({ connectionString: url })]
      const names = new LockNames('dir_storage')
      await storage.init()
      await whileWatching(
        (changed) => watchEvents(pool, names, changed),
        async (watching, told) => {
          const write = async (act: () => Promise<unknown>) => Promise.all([told(), act()])
          await write(() => storage.decisionAudit.record('f', 'E'))
          await write(() => storage.atomically(({ decisionAudit }) => void decisionAudit.record('f', 'E')))
          const client = await pool.connect()
          await client.query('BEGIN')
          await storage.within(client).decisionAudit.record('f', 'E')
          await write(() => client.query('COMMIT'))
          client.release()
          await sql(
            url,
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%advisory_lock_shared%' AND pid <> pg_backend_pid()`,
          )
          await becomes(watching, false)
          await becomes(watching, true)
          await write(() => storage.decisionAudit.record('f', 'E'))
        },
      )
      await pool.end()
      await storage.close()
    })
  })

  test('a connection that breaks before the watch is live is made anew, and ends no process', async () => {
    let isBroken = false
    class Breaking extends Client {
      override readonly query = ((...args: Parameters<Client['query']>) => {
        const answer = super.query(...args) as unknown
        if (!isBroken && String(args[0]).includes('advisory_lock_shared')) {
          isBroken = true
          const { stream } = Reflect.get(this, 'connection') as { stream: Duplex }
          stream.destroy(new Error('reset'))
        }
        return answer
      }) as Client['query']
    }
    const pool = new Pool({ connectionString: server, Client: Breaking })
    // an error that nobody handles fails this test
    await whileWatching(
      (changed) => watchEvents(pool, new LockNames('breaking'), changed),
      async () => expect(isBroken).toBe(true),
    )
    await pool.end()
  })

  test('who follows through a pooler is told, and leaves no lock on its sessions', async (context) => {
    await withDatabase(server, '', async (url) => {
      const bouncer = await orSkip(context, startPgBouncer(url))
      const ended = Promise.withResolvers<void>()
      class Seen extends Client {
        constructor(config?: ClientConfig) {
          super(config)
          this.once('end', ended.resolve)
        }
      }
      const pool = new Pool({ connectionString: bouncer.url, Client: Seen })
      const storage = postgresStorage({ pool })
      await storage.init()
      const events = storage.decisionAudit.events({ follow: true })[Symbol.asyncIterator]()
      const next = events.next()
      await ended.promise // of the watch's own, while the pool keeps its clients
      await storage.decisionAudit.record('f', 'E')
      expect((await next).value?.event).toBe('E')
      // of this database: others use the server too
      const held = await sql(
        url,
        `SELECT mode FROM pg_locks JOIN pg_database d ON d.oid = database
          WHERE locktype = 'advisory' AND datname = current_database()`,
      )
      expect(held).toEqual([])
      await storage.close()
      await pool.end()
      await bouncer.stop()
    })
  })

  test('where nobody follows, nobody is notified', async () => {
    await withDatabase(server, '', async (url) => {
      const [storage, listener] = [postgresStorage({ url }), new Client({ connectionString: url })]
      await storage.init()
      await listener.connect()
      const heard: string[] = []
      listener.on('notification', ({ channel, payload }) => heard.push(`${channel} ${payload}`))
      await listener.query(`LISTEN "${new LockNames('dir_storage').channel}"; LISTEN mark`)
      await storage.decisionAudit.record('f', 'E')
      await sql(url, `NOTIFY mark, 'after it'`)
      await expect.poll(() => heard, { timeout: 60_000 }).toEqual(['mark after it'])
      await listener.end()
      await storage.close()
    })
  })
})
