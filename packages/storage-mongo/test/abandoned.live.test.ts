import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClientSession, MongoClient, type MongoClientOptions } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { mongoStorage } from '../src/index.ts'
import { prepare } from './prepare.ts'
import { cuttable } from './cuttable.ts'

const namespace = 'abandoned'

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

  /** A transaction of ours, to the server, that has written to a resource and is not committed. */
  async function leaveOpen(client: MongoClient, resource: string): Promise<ClientSession> {
    const db = client.db('dir_storage')
    const session = client.startSession()
    const _id = Buffer.from(session.id?.id.buffer ?? []).toString('hex')
    await db.collection<{ _id: string }>(`${namespace}.sessions`).insertOne({ _id })
    session.startTransaction()
    await db
      .collection<{ _id: { kind: string; id: string }; version: number }>(`${namespace}.lock_versions`)
      .updateOne(
        { _id: { kind: 'resource', id: resource } },
        { $inc: { version: 1 } },
        { upsert: true, session },
      )
    return session
  }

  /** A process that dies: its connections end, and its transaction does not. */
  async function die(resource: string): Promise<void> {
    const way = await cuttable(server.port)
    const dead = new MongoClient(`mongodb://127.0.0.1:${way.port}/?directConnection=true`, {
      serverSelectionTimeoutMS: 100,
    })
    await leaveOpen(dead, resource)
    way.cut()
    await dead.close()
    way.close()
  }

  const ways: readonly [string, MongoClientOptions, string][] = [
    ['nothing', {}, ''],
    ['readConcernLevel', {}, 'readConcernLevel=majority'],
    ['readPreference', { readPreference: 'secondaryPreferred' }, ''],
    ['raw', { raw: true }, ''],
    ['promoteBuffers', { promoteBuffers: true }, ''],
    ['promoteLongs', { promoteLongs: false }, ''],
  ]

  test.each(ways)(
    'what a dead process left open is ended for callers that do not wait (%s set)',
    async (name, options, query) => {
      const resource = `${name} ${randomUUID()}`
      // this one is silent for longer, and has its process: were the dead held for as long, it would be ended first
      const living = new MongoClient(server.url)
      const silent = await leaveOpen(living, `silent ${resource}`)
      await die(resource)
      const client = new MongoClient(`${server.url}&${query}`, options)
      const storage = mongoStorage({ client, namespace })
      while (!(await storage.resourceLock.acquireBatch('f', { [resource]: 1 }, 0))) await sleep(20)
      await silent.commitTransaction()
      expect(await storage.resourceLock.getLockedAmount(resource, null)).toBe(1)
      await storage.close()
      await client.close()
      await living.close()
    },
  )

  test('what a living process holds is left to it, however long it takes', async () => {
    const slow = new MongoClient(server.url)
    const session = await leaveOpen(slow, 'slow')
    const storage = mongoStorage({ url: server.url, namespace })
    const idle = async (): Promise<number> => {
      const [row] = await admin
        .db('admin')
        .aggregate([{ $currentOp: { idleSessions: true } }, { $match: { type: 'idleSession' } }])
        .toArray()
      return Number(
        (row?.['transaction'] as { timeInactiveMicros?: number } | undefined)?.timeInactiveMicros ?? 0,
      )
    }
    while ((await idle()) < 2_500_000)
      expect(await storage.resourceLock.acquireBatch('f', { slow: 1 }, 0)).toBe(false)
    await session.commitTransaction()
    expect(await storage.resourceLock.acquireBatch('f', { slow: 1 }, 5)).toBe(true)
    await storage.close()
    await slow.close()
  })
})
