import { InvalidArgumentError, type JoinedStorage, type StorageHandle } from '@dir/storage-core'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Kysely, PostgresDialect, sql as raw } from 'kysely'
import { Pool, type PoolClient, types } from 'pg'
import { DataSource } from 'typeorm'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { sql, withDatabase } from './databases.ts'

/** A transaction of some library: what it hands out, and how an order is written in it. */
interface Open {
  readonly client: object
  readonly order: (id: string) => Promise<unknown>
}

/** Runs `act` in a transaction, which rolls back where it throws. */
type Transact = (act: (open: Open) => Promise<void>) => Promise<void>

const INSERT = `INSERT INTO public.orders (id) VALUES`

const LIBRARIES: Readonly<Record<string, (pool: Pool, url: string) => Promise<Transact>>> = {
  pg: async (pool) => async (act) => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await act({ client, order: (id) => client.query(`${INSERT} ($1)`, [id]) })
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    } finally {
      client.release()
    }
  },
  Kysely: async (pool) => {
    const db = new Kysely<object>({ dialect: new PostgresDialect({ pool }) })
    return (act) =>
      db.transaction().execute((transaction) =>
        act({
          client: transaction,
          order: (id) => raw`INSERT INTO public.orders (id) VALUES (${id})`.execute(transaction),
        }),
      )
  },
  Drizzle: async (pool) => {
    const db = drizzle(pool)
    return (act) =>
      db.transaction((transaction) =>
        act({ client: transaction, order: (id) => transaction.execute(`${INSERT} ('${id}')`) }),
      )
  },
  TypeORM: async (_, url) => {
    const source = await new DataSource({ type: 'postgres', url, poolSize: 2 }).initialize()
    return async (act) => {
      try {
        await source.transaction((manager) =>
          act({ client: manager, order: (id) => manager.query(`${INSERT} ($1)`, [id]) }),
        )
      } finally {
        await source.destroy()
      }
    }
  },
}

/** A client that does not end the process where its database is dropped under it. */
async function connect(pool: Pool): Promise<PoolClient> {
  return (await pool.connect()).on('error', () => {})
}

const ordersOf = async (url: string): Promise<unknown[]> =>
  (await sql(url, 'SELECT id FROM public.orders ORDER BY id')).map(({ id }) => id)

/** Events that read back whole, whatever parsers are registered for numbers, booleans and times. */
async function useAll(inside: JoinedStorage, dfid: string): Promise<void> {
  await inside.decisionAudit.record(dfid, 'ORDERED', { details: { amount: 2 ** 53 - 1 } })
  expect(await inside.lifecycle.transition(dfid, null, 'ORDERED')).toBe(true)
  expect(await inside.resourceLock.acquireBatch(dfid, { usd: 0.5 }, 0)).toBe(true)
  expect(await inside.idempotency.claim(`key ${dfid}`, { leaseSec: 60 })).toEqual({
    state: 'started',
    token: expect.any(String),
  })
  const [event] = await inside.decisionAudit.eventsForDfid(dfid)
  expect([event?.event, event?.details]).toEqual(['ORDERED', { amount: 2 ** 53 - 1 }])
  expect(await inside.resourceLock.getLockedAmount('usd', null)).toBe(0.5)
  expect(await inside.resourceLock.getHolds({ dfid })).toHaveLength(1)
}

const eventsOf = async (storage: StorageHandle): Promise<string[]> =>
  (await Array.fromAsync(storage.decisionAudit.events())).map(({ dfid }) => dfid)

withServer('postgres', (server) => {
  test.each(Object.keys(LIBRARIES))('joins a transaction of %s', async (name) => {
    await withDatabase(server, 'CREATE TABLE public.orders (id TEXT PRIMARY KEY)', async (url) => {
      const pool = new Pool({ connectionString: url, max: 2 }).on('error', () => {})
      const storage = postgresStorage(url)
      await storage.init()
      const transact = async (act: (open: Open) => Promise<void>): Promise<void> =>
        (await (LIBRARIES[name] as (typeof LIBRARIES)[string])(pool, url))(act)
      await transact(async ({ client, order }) => {
        await order('kept')
        await useAll(storage.within(client), 'kept')
      })
      const undone = transact(async ({ client, order }) => {
        await order('undone')
        await storage.within(client).decisionAudit.record('undone', 'ORDERED')
        throw new RangeError('the application changed its mind')
      })
      await expect(undone).rejects.toThrow(RangeError)
      expect([await ordersOf(url), await eventsOf(storage)]).toEqual([['kept'], ['kept']])
      await storage.close()
      await pool.end()
    })
  })

  test('reads the same whatever parsers the application has registered', async () => {
    await withDatabase(server, 'CREATE TABLE public.orders (id TEXT PRIMARY KEY)', async (url) => {
      const parsers = [16, 20, 25, 1700, 3802].map((oid) => [oid, types.getTypeParser(oid)] as const)
      for (const [oid] of parsers) types.setTypeParser(oid, () => 'parsed by the application')
      const pool = new Pool({ connectionString: url, max: 2 }).on('error', () => {})
      const storage = postgresStorage(url)
      try {
        await storage.init()
        await (
          await (LIBRARIES['pg'] as (typeof LIBRARIES)[string])(pool, url)
        )(async ({ client }) => useAll(storage.within(client), 'kept'))
      } finally {
        for (const [oid, parser] of parsers) types.setTypeParser(oid, parser)
        await storage.close()
        await pool.end()
      }
    })
  })

  test('refuses what is no open transaction on the same database, and leaves it usable', async () => {
    await withDatabase(server, '', async (url) => {
      const pool = new Pool({ connectionString: url, max: 2 }).on('error', () => {})
      const elsewhere = new Pool({ connectionString: server, max: 1 })
      const storage = postgresStorage(url)
      await storage.init()
      const refusal = (reason: string): unknown =>
        expect.objectContaining({ name: 'InvalidArgumentError', argument: 'client', reason })
      const record = (client: object): Promise<number> =>
        storage.within(client).decisionAudit.record('flow', 'EVENT')
      const read = (client: object): Promise<unknown> => storage.within(client).context.getSession('flow')

      expect(() => storage.within(pool)).toThrow(InvalidArgumentError)

      const client = await connect(pool)
      for (const call of [record, read])
        await expect(call(client)).rejects.toEqual(refusal('has no open transaction: run BEGIN on it before'))
      // a client of an older pg, or behind a library, does not tell its state: the server does
      const plain = { query: (...args: Parameters<typeof client.query>) => client.query(...args) }
      for (const call of [record, read])
        await expect(call(plain)).rejects.toEqual(refusal('has no open transaction: run BEGIN on it before'))

      await client.query('BEGIN; SAVEPOINT mine')
      await expect(client.query('SELECT 1 / 0')).rejects.toThrow('division by zero')
      for (const one of [client, plain])
        for (const call of [record, read])
          await expect(call(one)).rejects.toEqual(
            refusal('has a transaction that failed before: roll it back'),
          )
      await client.query('ROLLBACK TO mine')
      await record(client)
      await client.query('COMMIT')

      for (const level of ['REPEATABLE READ', 'SERIALIZABLE']) {
        await client.query(`BEGIN ISOLATION LEVEL ${level}`)
        await expect(record(client)).rejects.toEqual(
          refusal(
            'has a transaction that does not see what others commit meanwhile: begin it as READ COMMITTED',
          ),
        )
        expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
        await client.query('ROLLBACK')
      }

      const stranger = await connect(elsewhere)
      await stranger.query('BEGIN')
      await expect(record(stranger)).rejects.toEqual(
        refusal('is connected to another database than this handle'),
      )
      expect((await stranger.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      await stranger.query('ROLLBACK')

      expect(await eventsOf(storage)).toEqual(['flow'])
      client.release()
      stranger.release()
      await storage.close()
      await Promise.all([pool.end(), elsewhere.end()])
    })
  })

  test('waits for others within its deadline, then leaves the transaction as it was', async () => {
    await withDatabase(server, '', async (url) => {
      const pool = new Pool({ connectionString: url, max: 3 }).on('error', () => {})
      const storage = postgresStorage({ url, operationTimeoutMs: 2_000 })
      await storage.init()
      const [first, second] = [await connect(pool), await connect(pool)]
      await first.query(`BEGIN; SET LOCAL lock_timeout = '7s'`)
      await second.query(`BEGIN; SET LOCAL lock_timeout = '7s'`)
      const [one, other] = [storage.within(first), storage.within(second)]
      await one.intentRetry.increment('held')
      await other.intentRetry.increment('free')
      await expect(other.intentRetry.increment('held')).rejects.toEqual(
        expect.objectContaining({ code: 'STORAGE_RESOURCE_CONTENTION', outcome: 'not-applied' }),
      )
      expect(await other.resourceLock.acquireBatch('flow', { usd: 1 }, 0)).toBe(true)
      expect((await second.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '7s' }])
      await second.query('COMMIT')
      await first.query('COMMIT')
      expect([
        await storage.intentRetry.getCount('held'),
        await storage.intentRetry.getCount('free'),
      ]).toEqual([1, 1])
      first.release()
      second.release()
      await storage.close()
      await pool.end()
    })
  })
})
