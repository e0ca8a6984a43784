import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageHandle } from '@dir/storage-core'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { Connection } from '../src/connection.ts'
import type { MetaDocument } from '../src/documents.ts'
import { mongoStorage } from '../src/index.ts'
import { type Standing, TurnQueue } from '../src/turn-queue.ts'
import { prepare } from './prepare.ts'

const namespace = 'turns'
const TIMEOUT_MS = 60_000
/** Longer than a test takes. */
const later = (): Date => new Date(Date.now() + 50_000)

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
  beforeEach(() => queueUp([]))

  const meta = () => admin.db('dir_storage').collection<MetaDocument>(`${namespace}.meta`)

  /** These have the turn and wait for it, and are not heard of again. */
  async function queueUp(queue: MetaDocument['queue'] & object): Promise<void> {
    await meta().updateOne({ _id: 'turn' }, { $set: { queue } }, { upsert: true })
  }

  async function queued(): Promise<string[]> {
    return ((await meta().findOne({ _id: 'turn' }))?.queue ?? []).map(({ by }) => by)
  }

  /** Two handles whose every commit writes the same counter, until `isEnough`. @returns whether each call counted once. */
  async function rivals(isEnough: () => Promise<boolean>): Promise<boolean> {
    const url = server.url
    const handles = [1, 2].map(() => mongoStorage({ url, namespace, operationTimeoutMs: TIMEOUT_MS }))
    const before = await (handles[0] as StorageHandle).intentRetry.getCount('one')
    let [calls, isOver] = [0, false]
    const write = async (storage: StorageHandle, flow: string): Promise<void> => {
      while (!isOver) {
        await storage.atomically((batch) => {
          batch.intentRetry.increment('one')
          batch.decisionAudit.record(flow, 'e')
        })
        calls++
      }
    }
    const callers = handles.flatMap((storage) => ['f', 'g', 'h', 'i'].map((flow) => write(storage, flow)))
    while (!(await isEnough())) await sleep(5)
    isOver = true
    await Promise.all(callers)
    const counted = await (handles[0] as StorageHandle).intentRetry.getCount('one')
    for (const storage of handles) await storage.close()
    return counted - before === calls
  }

  test('handles that are in each other’s way take turns', async () => {
    const firsts = new Set<string | undefined>()
    const isCounted = await rivals(async () => {
      const [first, second] = await queued()
      if (second !== undefined) firsts.add(first)
      return firsts.size === 2
    })
    expect(isCounted).toBe(true)
  })

  test('a turn that its handle died in is over in the end', async () => {
    await queueUp([{ by: 'dead', until: new Date(Date.now() + 1_000) }])
    const firsts = new Set<string>()
    const isCounted = await rivals(async () => {
      for (const first of (await queued()).slice(0, 1)) firsts.add(first)
      return firsts.size === 3
    })
    expect(isCounted).toBe(true)
  })

  test('whoever waits for a turn in vain writes without', async () => {
    await queueUp([{ by: 'dead', until: later() }])
    const waited = new Set<string>()
    const isCounted = await rivals(async () => {
      for (const one of await queued()) waited.add(one)
      return waited.size > 1
    })
    expect(isCounted).toBe(true)
  })

  test('who waits stays behind those who came before, and goes behind the others after a turn', async () => {
    const client = new MongoClient(server.url)
    const connection = new Connection({ client, database: 'dir_storage', namespace })
    const queue = new TurnQueue(connection)
    const wait = (atEnd: boolean): Promise<Standing> =>
      connection.run(performance.now() + TIMEOUT_MS, 'unknown', (context) => queue.wait(context, atEnd))
    const turns = (standing: Standing) => ({ ...standing, leftMs: standing.leftMs > 0 })

    const before = [
      { by: 'a', until: later() },
      { by: 'gone', until: new Date(0) },
    ] as const
    await queueUp([...before, { by: 'b', until: later() }])
    expect(turns(await wait(true))).toEqual({ index: 2, leftMs: true, isAlone: false })
    expect(turns(await wait(false))).toEqual({ index: 2, leftMs: true, isAlone: false })
    await queueUp([])
    expect(turns(await wait(false))).toEqual({ index: 0, leftMs: true, isAlone: true })
    await meta().updateOne({ _id: 'turn' }, { $push: { queue: { by: 'c', until: later() } } } as object)
    expect(turns(await wait(true))).toEqual({ index: 1, leftMs: true, isAlone: false })
    await connection.run(performance.now() + TIMEOUT_MS, 'unknown', (context) => queue.leave(context))
    expect(await queued()).toEqual(['c'])
    await client.close()
  })
})
