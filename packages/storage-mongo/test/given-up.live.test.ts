import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { mongoStorage } from '../src/index.ts'
import { prepare } from './prepare.ts'
import { cuttable } from './cuttable.ts'

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
})
