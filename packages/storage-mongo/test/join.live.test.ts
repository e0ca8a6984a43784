import { MongoClient, type MongoClientOptions } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { mongoStorage } from '../src/index.ts'
import { FailPoint } from './fail-point.ts'
import { CONTENTION, begun, eventsOf, invalid, refusalOf, withNamespace } from './joined-namespace.ts'

const LIMIT = { capacities: { gpu: 100 } }

// of its own: another is stopped for a while by what is measured there, and transactions do not outlive that
withOwnServer('mongo', () => {
  let server: Server
  beforeAll(async () => {
    server = await start('mongo')
  })
  afterAll(() => server.stop())
  test('an order and its event are there together, or neither', async () => {
    await withNamespace(server.url, async (storage, { client, order, orders }) => {
      for (const end of ['commitTransaction', 'abortTransaction'] as const) {
        const session = client.startSession()
        session.startTransaction()
        await order(end, session)
        const inside = storage.within(session)
        await inside.decisionAudit.record('flow', end)
        expect(await inside.lifecycle.transition(end, null, 'ORDERED')).toBe(true)
        await session[end]()
        await session.endSession()
      }
      expect(await orders()).toEqual(['first', 'commitTransaction'])
      expect(await eventsOf(storage)).toEqual([[1, 'commitTransaction']])
      expect(await storage.lifecycle.getCurrentStatus('abortTransaction')).toBe(null)
    })
  })

  test('refuses what is no open transaction on the same servers, and leaves it usable', async () => {
    await withNamespace(server.url, async (storage, { client, order }) => {
      const record = (one: object): Promise<unknown> =>
        refusalOf(() => storage.within(one).decisionAudit.record('flow', 'EVENT'))
      const read = (one: object): Promise<unknown> =>
        refusalOf(() => storage.within(one).context.getSession('flow'))

      const noSession = invalid('must be a ClientSession of the mongodb package')
      for (const stranger of [{}, client, client.db(), { inTransaction() {} }, []])
        expect(await record(stranger)).toEqual(noSession)
      expect(await record({ inTransaction() {}, commitTransaction() {} })).toEqual(
        invalid('must be a MongoClient of the mongodb package, 6.13 or newer'),
      )

      const session = client.startSession()
      const none = invalid('has no open transaction: call startTransaction() before')
      expect([await record(session), await read(session)]).toEqual([none, none])
      session.startTransaction()
      expect(await record(session)).toBe(1)
      await session.commitTransaction()
      expect([await record(session), await read(session)]).toEqual([none, none])

      session.startTransaction()
      await order('one', session)
      await expect(order('one', session)).rejects.toThrow(/E11000/)
      expect([await record(session), await read(session)]).toEqual([CONTENTION, CONTENTION])
      await session.abortTransaction()
      session.startTransaction()
      expect(await record(session)).toBe(2)
      const inside = storage.within(session)
      await session.endSession() // aborts it
      expect([await record(session), await read(session)]).toEqual([
        invalid('has ended'),
        invalid('has ended'),
      ])
      expect(await refusalOf(() => inside.decisionAudit.record('flow', 'LATE'))).toEqual(invalid('has ended'))

      const closed = new MongoClient(server.url)
      const orphan = closed.startSession()
      orphan.startTransaction()
      await closed.close()
      expect(await record(orphan)).toEqual(invalid('has ended'))
      expect(await eventsOf(storage)).toEqual([[1, 'EVENT']])
    })
  })

  const CLIENTS: readonly [string, MongoClientOptions][] = [
    ['plain', {}],
    ['odd', { promoteLongs: false, promoteValues: false, useBigInt64: false, retryWrites: false }],
    [
      'near',
      { readPreference: 'secondaryPreferred', readConcern: { level: 'local' }, writeConcern: { w: 1 } },
    ],
  ]
  test.each(CLIENTS)('a session of another client of the same set is as good (%s)', async (_, options) => {
    await withNamespace(server.url, async (storage, { order }) => {
      const client = new MongoClient(server.url, options)
      const session = client.startSession()
      session.startTransaction({ readPreference: 'primary' })
      const inside = storage.within(session)
      expect(await inside.decisionAudit.record('flow', 'EVENT', { details: { amount: 2 ** 53 - 1 } })).toBe(1)
      expect(await inside.resourceLock.acquireBatch('flow', { gpu: 0.5 }, 0, LIMIT)).toBe(true)
      expect(await inside.resourceLock.getLockedAmount('gpu', null)).toBe(0.5)
      expect((await inside.decisionAudit.eventsForDfid('flow'))[0]?.details).toEqual({ amount: 2 ** 53 - 1 })
      await session.commitTransaction()
      await client.close()
      await order('outside')
      expect(await storage.resourceLock.getLockedAmount('gpu', null)).toBe(0.5)
    })
  })

  test('other calls of the handle wait for the transaction, and go on after it', async () => {
    await withNamespace(server.url, async (storage, { client }, namespace) => {
      const session = await begun(client)
      await storage.within(session).decisionAudit.record('flow', 'INSIDE')
      const impatient = mongoStorage({ url: server.url, namespace, operationTimeoutMs: 1_000 })
      await impatient.init()
      const refusal = await refusalOf(() => impatient.decisionAudit.record('flow', 'NEVER'))
      // the latter where the machine is too busy to find out in time who is in the way
      expect([CONTENTION, ['STORAGE_TIMEOUT', 'not-applied', true, null]]).toContainEqual(refusal)
      await impatient.close()
      const later = storage.decisionAudit.record('flow', 'OUTSIDE')
      await storage.context.setSession('flow', '1') // what it does not concern does not wait
      await session.commitTransaction()
      await session.endSession()
      expect(await later).toBe(2)
      expect(await eventsOf(storage)).toEqual([
        [1, 'INSIDE'],
        [2, 'OUTSIDE'],
      ])
    })
  })

  test('hundreds of calls at once go one after the other', async () => {
    await withNamespace(server.url, async (storage, { client }) => {
      const session = client.startSession()
      session.startTransaction()
      const [one, other] = [storage.within(session), storage.within(session)]
      const seqs = await Promise.all(
        Array.from({ length: 300 }, (_, n) =>
          (n % 2 === 0 ? one : other).decisionAudit.record('flow', `E${n + 1}`),
        ),
      )
      await session.commitTransaction()
      await session.endSession()
      expect(seqs).toEqual(Array.from({ length: 300 }, (_, n) => n + 1))
      expect(await eventsOf(storage)).toEqual(seqs.map((seq) => [seq, `E${seq}`]))
    })
  })

  test('calls that are under way when the handle closes are carried out, and later ones refused', async () => {
    await withNamespace(server.url, async (storage, { client }, namespace) => {
      const session = client.startSession()
      session.startTransaction()
      const inside = storage.within(session)
      const calls = Array.from({ length: 20 }, () => inside.decisionAudit.record('flow', 'EVENT'))
      const closed = storage.close()
      expect(await refusalOf(() => inside.decisionAudit.record('flow', 'LATE'))).toEqual([
        'STORAGE_CLOSED',
        'not-applied',
        false,
        null,
      ])
      expect(await Promise.all(calls)).toEqual(calls.map((_, n) => n + 1))
      await closed
      await session.commitTransaction()
      await session.endSession()
      await using reader = mongoStorage({ url: server.url, namespace })
      expect(await eventsOf(reader)).toHaveLength(20)
    })
  })

  test('a session of other servers is refused', async () => {
    await withNamespace(server.url, async (storage) => {
      const elsewhere = await start('mongo')
      const client = new MongoClient(elsewhere.url)
      const session = client.startSession()
      session.startTransaction()
      expect(await refusalOf(() => storage.within(session).decisionAudit.record('flow', 'EVENT'))).toEqual(
        invalid('is connected to other servers than this handle'),
      )
      await client.close()
      await elsewhere.stop()
    })
  })

  test('what a call that failed has written of a batch cannot be committed', async () => {
    await withNamespace(server.url, async (storage, { client, order, orders }, namespace) => {
      const failPoint = new FailPoint(server.url)
      const patient = mongoStorage({ url: server.url, namespace, operationTimeoutMs: 2_000 })
      await patient.init()
      const session = client.startSession()
      session.startTransaction()
      await order('undone', session)
      const inside = patient.within(session)
      await inside.decisionAudit.record('flow', 'UNDONE')
      const late = await failPoint.during(
        {
          failCommands: ['insert', 'update'],
          namespace: `dir_storage.${namespace}.context_session`,
          blockConnection: true,
          blockTimeMS: 4_000,
        },
        () =>
          refusalOf(() =>
            inside.atomically((batch) => {
              batch.decisionAudit.record('flow', 'HALF')
              batch.context.setSession('flow', '1')
            }),
          ),
      )
      expect(late).toEqual(['STORAGE_TIMEOUT', 'not-applied', true, null])
      expect(await refusalOf(() => inside.decisionAudit.record('flow', 'LATE'))).toEqual(CONTENTION)
      await expect(order('undone too', session)).rejects.toThrow(/transaction/i)
      await expect(session.commitTransaction()).rejects.toThrow(/transaction/i)
      await session.endSession()
      expect(await eventsOf(storage)).toEqual([])
      expect(await orders()).toEqual(['first'])
      await patient.close()
      await failPoint.close()
    })
  })

  test('a transaction whose process died is ended soon, and nothing of it is there', async () => {
    await withNamespace(server.url, async (storage) => {
      const client = new MongoClient(server.url)
      const session = await begun(client)
      await storage.within(session).decisionAudit.record('flow', 'UNDONE')
      const topology = Reflect.get(client, 'topology') as { close(): void }
      topology.close() // without a word to the server, as where a process is killed
      expect(await storage.decisionAudit.record('flow', 'NEXT')).toBe(1)
      expect(await eventsOf(storage)).toEqual([[1, 'NEXT']])
    })
  })
})
