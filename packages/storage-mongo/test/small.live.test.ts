import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, mongoStorage } from '../src/index.ts'
import { walk } from './walk.ts'

withOwnServer('mongo', () => {
  let server: Server
  beforeAll(async () => {
    server = await start('mongo', { parameters: { notablescan: 'true' } })
  })
  afterAll(() => server.stop())

  test('a server that forbids scans of whole collections', async () => {
    const { url } = server
    const namespace = 'no_scans'
    const storage = mongoStorage({ url, namespace, operationTimeoutMs: 60_000 })
    await walk(storage)
    const records = await Array.fromAsync(storage.exportRecords())
    const copy = mongoStorage({ url, namespace: `${namespace}_copy` })
    expect((await copy.importRecords(records)).imported).toBe(records.length - 1)
    await copy.close()

    const claimed = await storage.idempotency.claim('key of old', { leaseSec: 60, dfid: 'old' })
    await storage.idempotency.complete('key of old', claimed.state === 'started' ? claimed.token : '', {})
    await storage.decisionAudit.record('old', 'OLD')
    await storage.decisionAudit.record('last', 'LAST')
    await storage.lifecycle.recordTransition('old', null, 'OVER')
    const now = { before: new Date().toISOString(), keepResultsSec: 0, keepTokensSec: 0 }
    const told = await storage.prune({ ...now, terminal: ['OVER'], dryRun: true })
    expect([told.flows, told.removed.idempotency, told.removed.escalation]).toEqual([1, 3, 2])
    expect(await storage.prune({ ...now, terminal: ['OVER'] })).toEqual(told)
    await storage.close()
  })

  test('a namespace that is dropped under an open handle', async () => {
    const { url } = server
    const namespace = 'dropped'
    const client = new MongoClient(url)
    const storage = mongoStorage({ url, namespace, operationTimeoutMs: 60_000 })
    await storage.decisionAudit.record('f', 'e')
    await storage.lifecycle.recordTransition('f', null, 's')
    await dropNamespace({ url, namespace })
    const codes = (): Promise<string[]> =>
      Promise.all(
        [
          storage.decisionAudit.record('f', 'e'),
          storage.context.setSession('f', '1'),
          storage.intentRetry.increment('f'),
          storage.resourceLock.acquire('f', { r: 1 }, 0),
          storage.atomically((batch) => batch.context.setSession('f', '1')),
        ].map((call: Promise<unknown>) =>
          call.then(
            () => 'done',
            (error: unknown) => (error as { code: string }).code,
          ),
        ),
      )
    let told = await codes()
    while (told.includes('done')) {
      await dropNamespace({ url, namespace })
      told = await codes()
    }
    expect(new Set(told)).toEqual(new Set(['STORAGE_SCHEMA']))
    const names = { name: { $regex: `^${namespace}[.]` } }
    expect(await client.db('dir_storage').listCollections(names).toArray()).toEqual([])
    await storage.close()
    await client.close()
  })
})
