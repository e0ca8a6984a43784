import type { StorageHandle } from '@dir/storage-core'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { mongoStorage } from '../src/index.ts'
import { prepare } from './prepare.ts'

const namespace = 'interrupted'
const WRITES = 8
const DONE = 3

/** What each of these says to a program. */
async function told(calls: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(calls)
  return settled.map((one) =>
    one.status === 'fulfilled' ? 'done' : String((one.reason as { outcome?: unknown }).outcome),
  )
}

withOwnServer('mongo', () => {
  let server: Server
  let admin: MongoClient
  let storage: StorageHandle

  beforeAll(async () => {
    server = await start('mongo')
    admin = new MongoClient(server.url)
    await prepare(server.url, namespace)
    storage = mongoStorage({ url: server.url, namespace, operationTimeoutMs: 1_500 })
    await storage.init()
  })
  afterAll(async () => {
    await storage.close()
    await admin.close()
    await server.stop()
  })

  /** In the midst of a command the server waits, after so many steps of it, until the command's time is over. */
  async function stuck<T>(failPoint: string, after: number, act: () => Promise<T>): Promise<T> {
    const point = { configureFailPoint: failPoint, mode: { skip: after } }
    await admin.db('admin').command({ ...point, data: { shouldCheckForInterrupt: true } })
    try {
      return await act()
    } finally {
      await admin.db('admin').command({ configureFailPoint: failPoint, mode: 'off' })
    }
  }

  const flows = Array.from({ length: WRITES }, (_, index) => `f${index}`)

  test.each(['update', 'remove'] as const)(
    'a bulk %s that the server ends half-way is told as what it is',
    async (kind) => {
      await Promise.all(flows.map((dfid) => storage.intentRetry.setCount(dfid, 1)))
      const outcomes = await stuck(
        kind === 'update' ? 'hangDuringBatchUpdate' : 'hangDuringBatchRemove',
        DONE,
        () =>
          told(
            flows.map((dfid) =>
              kind === 'update' ? storage.intentRetry.setCount(dfid, 2) : storage.intentRetry.delete(dfid),
            ),
          ),
      )
      const counts = await Promise.all(flows.map((dfid) => storage.intentRetry.getCount(dfid)))
      const wrong = flows.filter((_, index) => outcomes[index] === 'not-applied' && counts[index] !== 1)
      expect({ outcomes, counts, wrong }).toEqual({ outcomes, counts, wrong: [] })
      expect(counts.filter((count) => count !== 1).length).toBeGreaterThan(0) // so that there was something to tell
    },
  )

  test('events of an insert that the server ends half-way are there once, or told as what they are', async () => {
    const many = Array.from({ length: 900 }, (_, index) => `e${index}`) // the server inserts up to 500 at a time
    const outcomes = await stuck('hangDuringBatchInsert', 1, () =>
      told(many.map((dfid) => storage.decisionAudit.record(dfid, 'e'))),
    )
    const there = await storage.decisionAudit.allEventsChronological()
    const counts = new Map(many.map((dfid) => [dfid, 0]))
    for (const { dfid } of there) counts.set(dfid, (counts.get(dfid) ?? 0) + 1)
    const wrong = many.filter((dfid, index) => {
      const count = counts.get(dfid) ?? 0
      return (
        count > 1 ||
        (outcomes[index] === 'not-applied' && count > 0) ||
        (outcomes[index] === 'done' && count < 1)
      )
    })
    expect(wrong).toEqual([])
    expect(there.length).toBeGreaterThan(0)
    expect(there.length).toBeLessThan(many.length)
  })

  test('an event that the server refuses takes none with it that was sent in the same command', async () => {
    const db = admin.db('dir_storage')
    const collMod = `${namespace}.decision_audit_events`
    await db.command({ collMod, validator: { event: { $ne: 'no' } } })
    const outcomes = await told(['a', 'no', 'b'].map((event) => storage.decisionAudit.record('v', event)))
    await db.command({ collMod, validator: {} })
    expect(outcomes).toEqual(['done', 'not-applied', 'done'])
    expect((await storage.decisionAudit.eventsForDfid('v')).map(({ event }) => event)).toEqual(['a', 'b'])
  })

  test('a second sending that the server refuses says nothing of the first, which it has still before it', async () => {
    const db = admin.db('dir_storage')
    const judge = async (validator: object): Promise<void> => {
      for (const name of ['context_state', 'decision_audit_events'])
        await db.command({ collMod: `${namespace}.${name}`, validator })
    }
    const url = new URL(server.url)
    url.searchParams.set('socketTimeoutMS', '700') // then the driver sends again by itself
    const hasty = mongoStorage({ url: url.href, namespace })
    await hasty.init()
    await judge({ _id: null })
    const data = { failCommands: ['insert', 'update'], blockConnection: true, blockTimeMS: 3_000 }
    await admin.db('admin').command({ configureFailPoint: 'failCommand', mode: { times: 2 }, data })
    const calls = [hasty.context.setState('late', '1'), hasty.decisionAudit.record('late', 'e')]
    expect(await told(calls)).toEqual(['unknown', 'unknown'])
    await judge({})
    await hasty.close()
  })
})
