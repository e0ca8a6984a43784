import { inspect } from 'node:util'
import path from 'node:path'
import { type CommandStartedEvent, MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mongoBinaries } from '../../../scripts/servers/binaries/mongo.ts'
import { makeHome } from '../../../scripts/servers/home.ts'
import { freePort } from '../../../scripts/servers/places.ts'
import { type Server, serve } from '../../../scripts/servers/server.ts'
import { withOwnServer, withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, mongoSchema, mongoStorage } from '../src/index.ts'
import { factsOf, failureOf } from '../../../scripts/servers/failure.ts'
import { prepare } from './prepare.ts'

const namespace = 'settings'

/** Without --replSet. */
async function startStandalone(): Promise<Server> {
  const { folder, file, origin } = await mongoBinaries()
  const home = makeHome('mongo')
  const port = await freePort()
  const recipe = {
    title: 'a standalone MongoDB',
    command: path.join(folder, file),
    args: [
      '--dbpath',
      home.dir,
      '--port',
      String(port),
      '--bind_ip',
      '127.0.0.1',
      '--unixSocketPrefix',
      home.dir,
    ],
    home,
    readyLine: 'Waiting for connections',
    stopSignal: 'SIGTERM',
    settle: async () => {},
  } as const
  return serve(recipe, { url: `mongodb://127.0.0.1:${port}/`, port, origin, version: '' })
}

withServer('mongo', (url) => {
  test('writes wait for a majority and the journal, reads ask the primary, whatever the URL says', async () => {
    const separator = url.includes('?') ? '&' : '?'
    const client = new MongoClient(`${url}${separator}w=1&journal=false&readPreference=secondaryPreferred`, {
      monitorCommands: true,
    })
    const commands: CommandStartedEvent[] = []
    client.on('commandStarted', (event) => commands.push(event))
    try {
      await dropNamespace({ client, namespace })
      const storage = mongoStorage({ client, namespace })
      await storage.init()
      commands.length = 0
      await storage.decisionAudit.record('f', 'e')
      await storage.context.setSession('f', '1')
      await storage.context.compareAndSetSession('f', '1', '2')
      await storage.intentRetry.increment('f')
      await storage.idempotency.setIfAbsent('k', {})
      await storage.resourceLock.acquire('f', { r: 1 }, 1, { capacities: { r: 1 } })
      await storage.atomically((batch) => batch.saga.markDirty('f', 's', '{}'))
      await storage.saga.getDirtyFlows()
      await storage.close()
      const writes = commands
        .filter(({ command, commandName }) => {
          const collection = String(command[commandName] ?? '')
          const isInTransaction = command['autocommit'] === false && commandName !== 'commitTransaction'
          const isWrite = /^(insert|update|delete|findAndModify|commitTransaction)$/.test(commandName)
          // sessions need not last, and a fence is confirmed by the commit that uses it
          const isLesser = [`${namespace}.sessions`, `${namespace}.meta`].includes(collection)
          return isWrite && !isInTransaction && !isLesser
        })
        .map(({ command }) => command['writeConcern'] as { w: unknown; j: unknown })
      expect(writes.length).toBeGreaterThanOrEqual(7)
      expect(writes.filter(({ w, j }) => w !== 'majority' || j !== true)).toEqual([])
      const reads = commands.filter(({ commandName }) => /^(find|aggregate)$/.test(commandName))
      const modes = new Set(
        reads.map(
          ({ command }) => (command['$readPreference'] as { mode?: string } | undefined)?.mode ?? 'primary',
        ),
      )
      expect([...modes]).toEqual(['primary'])
      expect(await client.db('admin').command({ ping: 1 })).toHaveProperty('ok', 1)
    } finally {
      await dropNamespace({ client, namespace })
      await client.close()
    }
  })

  test('twenty handles on one client leave no listeners behind that Node warns of', async () => {
    const client = new MongoClient(url)
    const warnings: Error[] = []
    const warned = (warning: Error): number => warnings.push(warning)
    process.on('warning', warned)
    await dropNamespace({ client, namespace })
    const handles = Array.from({ length: 20 }, () =>
      mongoStorage({ client, namespace, operationTimeoutMs: 60_000 }),
    )
    await Promise.all(handles.map((storage) => storage.intentRetry.getCount('f')))
    await Promise.all(handles.map((storage) => storage.close()))
    await new Promise(setImmediate) // warnings come a moment later
    process.off('warning', warned)
    expect(warnings).toEqual([])
    await dropNamespace({ client, namespace })
    await client.close()
  })

  test('a pool whose connections are all in use is told as what it is', async () => {
    await dropNamespace({ url, namespace })
    const client = new MongoClient(url, { maxPoolSize: 1, waitQueueTimeoutMS: 500 })
    const storage = mongoStorage({ client, namespace, operationTimeoutMs: 60_000 })
    await prepare(url, namespace)
    await storage.init()
    const told = await Promise.all(
      Array.from({ length: 5_000 }, () =>
        storage.context.getSession('f').then(
          () => null,
          (error: unknown) => error,
        ),
      ),
    )
    const refused = told.filter((error) => error !== null)
    expect(refused.length).toBeGreaterThan(0)
    for (const error of refused)
      expect(factsOf(error, 'phase')).toEqual({
        code: 'STORAGE_UNAVAILABLE',
        outcome: 'not-applied',
        retryable: true,
        phase: 'queue',
      })
    await storage.close()
    await client.close()
    await dropNamespace({ url, namespace })
  })

  test('a client that does not retry writes is refused', async () => {
    const client = new MongoClient(url, { retryWrites: false })
    const storage = mongoStorage({ client, namespace })
    expect(await failureOf(storage.init())).toEqual({
      code: 'STORAGE_CONFIGURATION',
      outcome: 'not-applied',
      retryable: false,
    })
    await storage.close()
    await client.close()
  })

  test('a schema that is missing, newer, or made with a collation is refused, and nothing is written', async () => {
    const client = new MongoClient(url)
    const db = client.db('dir_storage')
    try {
      const missing = mongoStorage({ url, namespace, init: false })
      expect((await failureOf(missing.init())).code).toBe('STORAGE_SCHEMA')
      await missing.close()
      await db
        .collection<{ _id: string }>(`${namespace}.meta`)
        .insertOne({ _id: 'schema_version', value: 99 } as never)
      const newer = mongoStorage({ url, namespace })
      expect((await failureOf(newer.init())).code).toBe('STORAGE_SCHEMA')
      await newer.close()
      const names = await db
        .listCollections({ name: { $regex: `^${namespace}[.]` } }, { nameOnly: true })
        .toArray()
      expect(names.map(({ name }) => name)).toEqual([`${namespace}.meta`])
      await db.collection(`${namespace}.meta`).drop()
      await db.createCollection(`${namespace}.context_session`, { collation: { locale: 'en', strength: 2 } })
      const collated = mongoStorage({ url, namespace })
      expect((await failureOf(collated.init())).code).toBe('STORAGE_SCHEMA')
      await collated.close()
    } finally {
      await dropNamespace({ url, namespace })
      await client.close()
    }
  })

  test('what mongoSchema() lists is what init creates, and a store made by hand from it is enough', async () => {
    const client = new MongoClient(url)
    const db = client.db('dir_storage')
    await dropNamespace({ url, namespace })
    for (const { collection, options, indexes } of mongoSchema(namespace)) {
      await db.createCollection(collection, options)
      if (indexes.length > 0) await db.collection(collection).createIndexes([...indexes])
    }
    const storage = mongoStorage({ url, namespace })
    expect(await storage.decisionAudit.record('f', 'e')).toBe(1)
    await storage.close()
    const found = await db
      .listCollections({ name: { $regex: `^${namespace}[.]` } }, { nameOnly: true })
      .toArray()
    expect(found.map(({ name }) => name).sort()).toEqual(
      mongoSchema(namespace)
        .map(({ collection }) => collection)
        .sort(),
    )
    await dropNamespace({ url, namespace })
    await client.close()
  })

  test('ids that look like expressions and fields are ordinary ids', async () => {
    const storage = mongoStorage({ url, namespace })
    for (const id of ['$$NOW', '$total', '$$ROOT', 'a.b', '$inc', '__proto__']) {
      await storage.resourceLock.acquire(id, { [id]: 2 }, 1, { capacities: { [id]: 2 } })
      expect(await storage.resourceLock.getLockedAmount(id, null)).toBe(2)
      expect(
        (await failureOf(storage.resourceLock.acquire('x', { [id]: 1 }, 1, { capacities: { [id]: 2 } })))
          .code,
      ).toBe('STORAGE_INSUFFICIENT_CAPACITY')
      await storage.escalation.recordBudgetToken(id)
      expect(await storage.escalation.getWindowCount(id, '2000-01-01')).toBe(1)
      const request = { dfid: id, agentId: id, reason: id, contextJson: '{}', proposalJson: '{}', impact: id }
      await storage.escalation.insertRequest(request)
    }
    expect((await storage.escalation.getPendingRequests()).map(({ reason }) => reason)).toEqual([
      '$$NOW',
      '$total',
      '$$ROOT',
      'a.b',
      '$inc',
      '__proto__',
    ])
    await storage.close()
    await dropNamespace({ url, namespace })
  })
})

withOwnServer('mongo', () => {
  let standalone: Server
  beforeAll(async () => {
    standalone = await startStandalone()
  })
  afterAll(() => standalone.stop())

  test.each(['', '?replicaSet=rs0'])(
    'a standalone is refused with the two lines that make it a set (%s)',
    async (query) => {
      const storage = mongoStorage({ url: standalone.url + query, namespace, operationTimeoutMs: 1_500 })
      const error = await storage.init().catch((reason: unknown) => reason)
      expect((error as { code: string }).code).toBe('STORAGE_CONFIGURATION')
      expect(inspect(error)).toContain('mongod --replSet rs0')
      expect(inspect(error)).toContain('rs.initiate()')
      await storage.close()
    },
  )

  test('no password and no client is reachable from an error, or from the handle', async () => {
    const url = standalone.url.replace('//', '//user:hunter2@')
    const storage = mongoStorage({ url, namespace, operationTimeoutMs: 2_000 })
    const error = await storage.init().catch((reason: unknown) => reason)
    expect((error as { code: string }).code).toBe('STORAGE_AUTH')
    for (const text of [
      inspect(error, { depth: 10 }),
      JSON.stringify(error),
      inspect(storage, { depth: 10 }),
      JSON.stringify(storage),
    ])
      expect(text).not.toContain('hunter2')
    await storage.close()
  })
})

test('wrong options are refused before anything is opened', () => {
  const bad: readonly [unknown, string][] = [
    [{}, 'options'],
    [{ url: 'http://x' }, 'url'],
    [{ url: 5 }, 'url'],
    [{ client: {} }, 'client'],
    [{ url: 'mongodb://x', client: {} }, 'options'],
    [{ url: 'mongodb://x', namespace: 'No' }, 'namespace'],
    [{ url: 'mongodb://x', database: 'a.b' }, 'database'],
    [{ url: 'mongodb://x', databases: 'a' }, 'options'],
  ]
  for (const [options, argument] of bad) {
    let error: unknown
    try {
      mongoStorage(options as string)
    } catch (reason) {
      error = reason
    }
    expect((error as { argument?: unknown } | undefined)?.argument).toBe(argument)
  }
})
