import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { mongoStorage } from '../src/index.ts'
import { prepare } from './prepare.ts'
import { cuttable } from './cuttable.ts'
import { FailPoint } from './fail-point.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

const namespace = 'late_commits'
const TIMEOUT_MS = 1_000

withOwnServer('mongo', () => {
  let server: Server
  let admin: MongoClient

  beforeAll(async () => {
    server = await start('mongo')
    admin = new MongoClient(server.url)
    await prepare(server.url, namespace)
  })
  afterAll(async () => {
    await admin.close()
    await server.stop()
  })

  /** Whether the server works on a commit now, or has a transaction that waits for one. */
  async function isOpen(): Promise<boolean> {
    const open = await admin
      .db('admin')
      .aggregate([
        { $currentOp: { idleSessions: true } },
        {
          $match: {
            $or: [{ type: 'idleSession' }, { 'command.commitTransaction': 1 }],
            transaction: { $exists: true },
          },
        },
      ])
      .toArray()
    return open.length > 0
  }

  async function over(): Promise<void> {
    while (await isOpen()) await sleep(20)
  }

  test('a commit that the server holds up beyond the deadline is ended there', async () => {
    const storage = mongoStorage({ url: server.url, namespace, operationTimeoutMs: TIMEOUT_MS })
    await storage.resourceLock.acquire('before', { r: 0 }, 0)
    await admin.db('admin').command({
      configureFailPoint: 'failCommand',
      mode: { times: 1 },
      data: { failCommands: ['commitTransaction'], blockConnection: true, blockTimeMS: 3 * TIMEOUT_MS },
    })
    expect((await failureOf(storage.resourceLock.acquire('late', { r: 1 }, 0))).outcome).toBe('unknown')
    await over()
    expect(await storage.resourceLock.getHolds({ dfid: 'late' })).toEqual([])
    await storage.close()
  })

  test('a commit that is lost with the connection is not sent again after the deadline', async () => {
    const way = await cuttable(server.port)
    const client = new MongoClient(`mongodb://127.0.0.1:${way.port}/?directConnection=true`, {
      monitorCommands: true,
      heartbeatFrequencyMS: 500,
    })
    const storage = mongoStorage({ client, namespace, operationTimeoutMs: TIMEOUT_MS })
    await storage.resourceLock.acquire('before', { r: 0 }, 0)
    let commits = 0
    client.on('commandStarted', ({ commandName }) => {
      if (commandName !== 'commitTransaction') return
      commits++
      way.cut()
    })
    expect((await failureOf(storage.resourceLock.acquire('lost', { r: 1 }, 0))).outcome).toBe('unknown')
    const sent = commits
    way.mend()
    await client.db('admin').command({ ping: 1 })
    await over() // what is known of it is ended, as its client has gone
    expect(commits).toBe(sent)
    expect(await storage.resourceLock.getHolds({ dfid: 'lost' })).toEqual([])
    await storage.close()
    await client.close()
    way.close()
  })

  test('a commit of which a server knows nothing, but may not be the last to say so, is unknown', async () => {
    const storage = mongoStorage({ url: server.url, namespace, operationTimeoutMs: 10 * TIMEOUT_MS })
    await storage.init()
    const point = new FailPoint(server.url)
    const how = { failCommands: ['commitTransaction'], errorCode: 251 }
    const acquire = (dfid: string) => failureOf(storage.resourceLock.acquire(dfid, { [dfid]: 1 }, 0))
    // without the label it is no proof: the majority may know better
    const told = await point.during({ ...how, errorLabels: [] }, () => acquire('unlabelled'))
    await point.close()
    await storage.close()
    expect(told.outcome).toBe('unknown')
  })
})
