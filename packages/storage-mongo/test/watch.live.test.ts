import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { becomes, whileWatching } from '../../../scripts/servers/watched.ts'
import { Connection } from '../src/connection.ts'
import { dropNamespace, mongoStorage } from '../src/index.ts'
import { watchEvents } from '../src/watch.ts'

const namespace = 'watched'

withServer('mongo', (url) => {
  test('what is appended is told, from batches too, and after the stream broke', async () => {
    const storage = mongoStorage({ url, namespace })
    await storage.init()
    const client = new MongoClient(url, { appName: namespace })
    const connection = new Connection({ client, database: 'dir_storage', namespace })
    await whileWatching(
      (changed) => watchEvents(connection, changed),
      async (watching, told) => {
        const write = async (act: () => Promise<unknown>) => Promise.all([told(), act()])
        await write(() => storage.decisionAudit.record('f', 'E'))
        await write(() => storage.atomically(({ decisionAudit }) => void decisionAudit.record('f', 'E')))
        const admin = client.db('admin')
        const running = admin.aggregate([
          { $currentOp: { idleCursors: true } },
          {
            $match: {
              'cursor.tailable': true,
              'cursor.originatingCommand.aggregate': { $regex: `^${namespace}` },
            },
          },
        ])
        let killed = 0
        for await (const { opid } of running) {
          if (opid === undefined) continue
          await admin.command({ killOp: 1, op: opid as unknown })
          killed++
        }
        expect(killed).toBeGreaterThan(0)
        await becomes(watching, false)
        await becomes(watching, true)
        await write(() => storage.decisionAudit.record('f', 'E'))
      },
    )
    await client.close()
    await storage.close()
    await dropNamespace({ url, namespace })
  })

  test('a client of one connection is not kept busy by who follows', async () => {
    const client = new MongoClient(url, { maxPoolSize: 1 })
    const storage = mongoStorage({ client, namespace: 'narrow', operationTimeoutMs: 2_500 })
    const events = storage.decisionAudit.events({ follow: true })[Symbol.asyncIterator]()
    const [first] = await Promise.all([events.next(), storage.decisionAudit.record('f', 'E')])
    const next = events.next()
    await storage.atomically(({ decisionAudit, resourceLock }) => {
      decisionAudit.record('f', 'F')
      resourceLock.acquire('f', { r: 1 }, 1)
    })
    expect([first.value?.event, (await next).value?.event]).toEqual(['E', 'F'])
    await storage.close()
    await client.close()
    await dropNamespace({ url, namespace: 'narrow' })
  })
})
