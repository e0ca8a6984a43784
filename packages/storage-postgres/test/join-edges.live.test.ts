import { type StorageHandle, isStorageError } from '@dir/storage-core'
import { Client, Pool, type PoolClient } from 'pg'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { postgresStorage } from '../src/index.ts'
import { withDatabase } from './databases.ts'

/** What a call is refused with. */
async function refusalOf(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    if (!isStorageError(error)) throw error
    return [error.code, error.outcome, error.retryable]
  }
}

const eventsOf = async (storage: StorageHandle): Promise<string[]> =>
  (await Array.fromAsync(storage.decisionAudit.events())).map(({ event }) => event)

async function begun(pool: Pool): Promise<PoolClient> {
  const client = (await pool.connect()).on('error', () => {})
  await client.query('BEGIN')
  return client
}

withServer('postgres', (server) => {
  const PATIENT = { operationTimeoutMs: 60_000 }

  /** A handle, and a pool of the application's on the same database. */
  async function withPool(
    size: number,
    act: (storage: StorageHandle, pool: Pool, url: string) => Promise<void>,
  ): Promise<void> {
    await withDatabase(server, '', async (url) => {
      const pool = new Pool({ connectionString: url, max: size }).on('error', () => {})
      const storage = postgresStorage({ url, ...PATIENT })
      await storage.init()
      try {
        await act(storage, pool, url)
      } finally {
        await storage.close()
        await pool.end()
      }
    })
  }

  test('transactions may hold every connection of the pool that the handle uses too', async () => {
    await withPool(2, async (storage, pool) => {
      const shared = postgresStorage({ pool, ...PATIENT })
      await shared.init()
      const [one, other] = [await begun(pool), await begun(pool)]
      await shared.within(one).intentRetry.increment('one')
      await shared.within(other).intentRetry.increment('other')
      await Promise.all([one.query('COMMIT'), other.query('COMMIT')])
      for (const client of [one, other]) client.release()
      expect([
        await storage.intentRetry.getCount('one'),
        await storage.intentRetry.getCount('other'),
      ]).toEqual([1, 1])
      await shared.close()
    })
  })

  test('a call that is not awaited before the commit is refused where that comes first', async () => {
    await withPool(1, async (storage, pool) => {
      const client = await begun(pool)
      const inside = storage.within(client)
      await inside.decisionAudit.record('flow', 'FIRST')
      const late = [
        refusalOf(() => inside.decisionAudit.record('flow', 'LATE')),
        refusalOf(() => inside.context.getSession('flow')),
      ]
      await client.query('COMMIT')
      const refusal = ['STORAGE_INVALID_ARGUMENT', 'not-applied', false]
      expect(await Promise.all(late)).toEqual([refusal, refusal])
      client.release()
      expect(await eventsOf(storage)).toEqual(['FIRST'])
    })
  })

  test('hundreds of calls at once go one after the other', async () => {
    await withPool(1, async (storage, pool) => {
      const client = await begun(pool)
      const [one, other] = [storage.within(client), storage.within(client)]
      const seqs = await Promise.all(
        Array.from({ length: 400 }, (_, n) =>
          (n % 2 === 0 ? one : other).decisionAudit.record('flow', `E${n + 1}`),
        ),
      )
      await client.query('COMMIT')
      client.release()
      expect(seqs).toEqual(Array.from({ length: 400 }, (_, n) => n + 1))
      expect(await eventsOf(storage)).toEqual(seqs.map((seq) => `E${seq}`))
    })
  })

  test('a call that waits for others when the handle closes is carried out, and later ones are refused', async () => {
    await withPool(2, async (storage, pool, url) => {
      const [holder, client] = [await begun(pool), await begun(pool)]
      await storage.within(holder).decisionAudit.record('flow', 'FIRST')
      const inside = storage.within(client)
      const waiting = inside.decisionAudit.record('flow', 'SECOND')
      const behind = inside.intentRetry.increment('flow')
      const closed = storage.close()
      expect(await refusalOf(() => inside.decisionAudit.record('flow', 'LATE'))).toEqual([
        'STORAGE_CLOSED',
        'not-applied',
        false,
      ])
      await holder.query('COMMIT')
      expect([await waiting, await behind]).toEqual([2, 1])
      await closed
      await client.query('COMMIT')
      for (const one of [holder, client]) one.release()
      await using reader = postgresStorage(url)
      expect(await eventsOf(reader)).toEqual(['FIRST', 'SECOND'])
    })
  })

  test('of two transactions that wait for one another, one is refused, and succeeds when run again', async () => {
    await withPool(2, async (storage, pool) => {
      const [one, other] = [await begun(pool), await begun(pool)]
      await storage.within(one).intentRetry.increment('one')
      await storage.within(other).intentRetry.increment('other')
      const cross = async (client: PoolClient, name: string): Promise<unknown> => {
        const told = await refusalOf(() => storage.within(client).intentRetry.increment(name))
        await client.query(Array.isArray(told) ? 'ROLLBACK' : 'COMMIT') // whoever waits for it goes on
        return told
      }
      const crossed = await Promise.all([cross(one, 'other'), cross(other, 'one')])
      expect(crossed.filter((told) => Array.isArray(told))).toEqual([
        ['STORAGE_RESOURCE_CONTENTION', 'not-applied', true],
      ])
      const loser = Array.isArray(crossed[0]) ? one : other
      await loser.query('BEGIN')
      await storage.within(loser).intentRetry.increment('one')
      await storage.within(loser).intentRetry.increment('other')
      await loser.query('COMMIT')
      for (const client of [one, other]) client.release()
      expect([
        await storage.intentRetry.getCount('one'),
        await storage.intentRetry.getCount('other'),
      ]).toEqual([2, 2])
    })
  })

  test('tells what is known where a client has ended, or waits no longer', async () => {
    await withPool(2, async (storage, pool, url) => {
      const client = new Client({ connectionString: url })
      await client.connect()
      await client.query('BEGIN')
      const inside = storage.within(client)
      await inside.decisionAudit.record('flow', 'UNDONE')
      await client.end()
      const record = (): Promise<unknown> => refusalOf(() => inside.decisionAudit.record('flow', 'NEVER'))
      expect(await record()).toEqual(['STORAGE_UNAVAILABLE', 'not-applied', true])

      const holder = await begun(pool)
      await storage.within(holder).decisionAudit.record('flow', 'FIRST')
      const impatient = new Client({ connectionString: url, query_timeout: 500 })
      await impatient.connect()
      await impatient.query('BEGIN')
      await storage.within(impatient).intentRetry.increment('flow') // of which client it is, is asked first
      const given = await refusalOf(() => storage.within(impatient).decisionAudit.record('flow', 'SECOND'))
      expect(given).toEqual(['STORAGE_TIMEOUT', 'unknown', false])
      await holder.query('COMMIT')
      holder.release()
      await impatient.query('COMMIT')
      await impatient.end()
      expect(await eventsOf(storage)).toEqual(['FIRST', 'SECOND'])
    })
  })
})
