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
const FAIL_POINTS = {
  update: 'hangDuringBatchUpdate',
  remove: 'hangDuringBatchRemove',
  insert: 'hangDuringBatchInsert',
} as const

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

  test.each(['update', 'remove', 'insert'] as const)(
    'a commit whose %s the server ends half-way is not applied, and told so',
    async (kind) => {
      await Promise.all(flows.map((dfid) => storage.intentRetry.setCount(dfid, 1)))
      const acts: Readonly<Record<typeof kind, (dfid: string) => Promise<unknown>>> = {
        update: (dfid: string) => storage.intentRetry.setCount(dfid, 2),
        remove: (dfid: string) => storage.intentRetry.delete(dfid),
        insert: (dfid: string) => storage.decisionAudit.record(dfid, 'e'),
      }
      const outcomes = await stuck(FAIL_POINTS[kind], kind === 'insert' ? 0 : DONE, () =>
        told(flows.map(acts[kind])),
      )
      expect(outcomes).toEqual(flows.map(() => 'not-applied'))
      expect(await Promise.all(flows.map((dfid) => storage.intentRetry.getCount(dfid)))).toEqual(
        flows.map(() => 1),
      )
      expect(await storage.decisionAudit.allEventsChronological()).toEqual([])
    },
  )

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
    await hasty.decisionAudit.record('before', 'e')
    await judge({ _id: null })
    const block = (command: string): Promise<unknown> => {
      const data = { failCommands: [command], blockConnection: true, blockTimeMS: 3_000 }
      return admin.db('admin').command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data })
    }
    await block('insert')
    expect(await told([hasty.decisionAudit.record('late', 'e')])).toEqual(['unknown'])
    await block('update')
    expect(await told([hasty.context.setState('late', '1')])).toEqual(['unknown'])
    await judge({})
    await hasty.close()
  })
})
