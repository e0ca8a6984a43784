import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { mongoStorage } from '../src/index.ts'
import { prepare } from './prepare.ts'
import { cuttable } from './cuttable.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

const namespace = 'given_up'
const TIMEOUT_MS = 1_000

withOwnServer('mongo', () => {
  let server: Server
  let admin: MongoClient

  beforeAll(async () => {
    // so that the server ends none by itself
    server = await start('mongo', { parameters: { transactionLifetimeLimitSeconds: '3600' } })
    admin = new MongoClient(server.url)
    await prepare(server.url, namespace)
  })
  afterAll(async () => {
    await admin.close()
    await server.stop()
  })

  /** Whether the server has a transaction that waits for its client. */
  async function isOpen(): Promise<boolean> {
    const open = await admin
      .db('admin')
      .aggregate([
        { $currentOp: { idleSessions: true } },
        { $match: { type: 'idleSession', transaction: { $exists: true } } },
      ])
      .toArray()
    return open.length > 0
  }

  const writes: readonly [string, (storage: StorageHandle, dfid: string) => Promise<unknown>][] = [
    ['acquire', (storage, dfid) => storage.resourceLock.acquire(dfid, { [dfid]: 1 }, 0)],
    [
      'batch',
      (storage, dfid) => storage.atomically((batch) => batch.resourceLock.acquire(dfid, { [dfid]: 1 }, 0)),
    ],
    [
      'events',
      (storage, dfid) => storage.decisionAudit.recordMany(['a', 'b'].map((event) => ({ dfid, event }))),
    ],
  ]

  test.each(writes)(
    'what reaches the server after it was given up leaves no transaction open there (%s)',
    async (name, write) => {
      const way = await cuttable(server.port)
      const client = new MongoClient(`mongodb://127.0.0.1:${way.port}/?directConnection=true`)
      const storage = mongoStorage({ client, namespace, operationTimeoutMs: TIMEOUT_MS })
      await write(storage, 'before')
      way.hold()
      const outcome = await write(storage, name).then(
        () => 'applied',
        (error: { readonly outcome?: unknown }) => error.outcome,
      )
      await way.deliver()
      // nobody writes meanwhile, who would look for it
      while (await isOpen()) await sleep(20)
      const holds = await storage.resourceLock.getHolds({ dfid: name })
      const events = await storage.decisionAudit.eventsForDfid(name)
      const there = holds.length + events.length > 0 ? 'applied' : 'not-applied'
      expect(['unknown', there]).toContain(outcome)
      await storage.close()
      await client.close()
      way.close()
    },
  )

  test('what was on its way when fences were refused leaves no transaction open there', async () => {
    const way = await cuttable(server.port)
    const client = new MongoClient(`mongodb://127.0.0.1:${way.port}/?directConnection=true`)
    const storage = mongoStorage({ client, namespace, operationTimeoutMs: TIMEOUT_MS })
    await storage.resourceLock.acquire('before', { r: 1 }, 0)
    const refuse = (validator: object): Promise<unknown> =>
      admin.db('dir_storage').command({ collMod: `${namespace}.meta`, validator })
    await refuse({ _id: { $ne: 'fence' } })
    way.holdNext('aggregate')
    expect((await failureOf(storage.resourceLock.acquire('f', { r: 1 }, 0))).outcome).toBe('not-applied')
    await way.deliver()
    while (await isOpen()) await sleep(20)
    await refuse({})
    await storage.close()
    await client.close()
    way.close()
  })

  test('a lone write that arrives after its deadline does not undo the next', async () => {
    const way = await cuttable(server.port)
    const client = new MongoClient(`mongodb://127.0.0.1:${way.port}/?directConnection=true`, {
      monitorCommands: true,
      heartbeatFrequencyMS: 60_000,
    })
    const storage = mongoStorage({ client, namespace, operationTimeoutMs: TIMEOUT_MS })
    await storage.context.setState('late', '0')
    client.once('commandStarted', () => way.holdNext())
    expect((await failureOf(storage.context.setState('late', '1'))).outcome).toBe('unknown')
    await storage.context.setState('late', '2')
    await way.deliver()
    await storage.context.setState('after', '1')
    expect(await storage.context.getState('late')).toBe('2')
    await storage.close()
    await client.close()
    way.close()
  })

  test('what is written after a commit that was given up comes after it, however late that arrives', async () => {
    const way = await cuttable(server.port)
    const client = new MongoClient(`mongodb://127.0.0.1:${way.port}/?directConnection=true`, {
      monitorCommands: true,
      heartbeatFrequencyMS: 60_000,
    })
    const storage = mongoStorage({ client, namespace, operationTimeoutMs: TIMEOUT_MS })
    await storage.saga.clearDirty('f')
    client.on('commandStarted', ({ commandName }) => {
      if (commandName === 'commitTransaction') way.holdNext()
    })
    // so that the late commit is there before it is refused
    await admin.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['killSessions'], blockConnection: true, blockTimeMS: TIMEOUT_MS * 0.6 },
    })
    const marked = storage.atomically((batch) => {
      batch.saga.markDirty('f', 'step', '{}')
      batch.intentRetry.setCount('f', 1)
    })
    expect((await failureOf(marked)).outcome).toBe('unknown')
    const cleared = storage.saga.clearDirty('f')
    await Promise.race([cleared, sleep(TIMEOUT_MS * 0.2)])
    await way.deliver()
    await cleared
    while (await isOpen()) await sleep(20)
    expect(await storage.saga.getDirtyFlows()).toEqual([])
    await storage.close()
    await client.close()
    way.close()
  })
})
