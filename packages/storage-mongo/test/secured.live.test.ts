import { inspect } from 'node:util'
import { type StorageError, isStorageError } from '@dir/storage-core'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { start } from '../../../scripts/servers/index.ts'
import { factsOf } from '../../../scripts/servers/failure.ts'
import { withOwnServer } from '../../../scripts/servers/live.ts'
import { type MongoStorageOptions, mongoStorage } from '../src/index.ts'
import { type SecuredServer, startSecured } from './secured-server.ts'

const namespace = 'secured'
const PASSWORD = 'hunter2'

/** What an operator sets up wrong: each error names the cause, and what to do. */
withOwnServer('mongo', () => {
  let server: SecuredServer
  let admin: MongoClient

  beforeAll(async () => {
    server = await startSecured()
    const first = new MongoClient(server.url, { directConnection: true })
    await first.db('admin').command({ createUser: 'root', pwd: PASSWORD, roles: ['root'] })
    await first.close()
    admin = new MongoClient(urlOf('root', PASSWORD))
    for (const [user, role] of [
      ['writer', 'readWrite'],
      ['reader', 'read'],
    ])
      await admin
        .db('admin')
        .command({ createUser: user, pwd: PASSWORD, roles: [{ role, db: 'dir_storage' }] })
    const ready = mongoStorage({ url: urlOf('writer', PASSWORD), namespace })
    await ready.init()
    await ready.close()
  })
  afterAll(async () => {
    await admin.close()
    await server.stop()
  })

  function urlOf(user: string, password: string, query = ''): string {
    return `mongodb://${user}:${password}@127.0.0.1:${server.port}/?authSource=admin&${query}`
  }

  async function refusal(options: MongoStorageOptions): Promise<StorageError> {
    const storage = mongoStorage({ namespace, operationTimeoutMs: 3_000, ...options })
    const error: unknown = await storage.init().catch((reason: unknown) => reason)
    await storage.close()
    if (!isStorageError(error)) throw new Error('it was not refused', { cause: error })
    expect(inspect(error, { depth: 9 })).not.toContain(PASSWORD)
    return error
  }

  test('a user with readWrite may do everything', async () => {
    const storage = mongoStorage({ url: urlOf('writer', PASSWORD), namespace })
    expect(await storage.intentRetry.increment('f')).toBeGreaterThan(0)
    expect(await storage.resourceLock.acquireBatch('f', { r: 1 }, 1)).toBe(true)
    expect((await storage.health()).ok).toBe(true)
    await storage.close()
  })

  test('a user who may not open change streams follows all the same', async () => {
    const database = { db: 'dir_storage', collection: '' }
    const actions = [
      'find',
      'insert',
      'update',
      'remove',
      'createCollection',
      'createIndex',
      'listCollections',
      'listIndexes',
    ]
    const privileges = [{ resource: database, actions }]
    await admin.db('admin').command({ createRole: 'plain', privileges, roles: [] })
    await admin.db('admin').command({ createUser: 'plain', pwd: PASSWORD, roles: ['plain'] })
    const storage = mongoStorage({ url: urlOf('plain', PASSWORD), namespace })
    await storage.init()
    const events = storage.decisionAudit.events({ follow: true })[Symbol.asyncIterator]()
    for (const name of ['E', 'F']) {
      const next = events.next()
      await storage.decisionAudit.record('follower', name)
      expect((await next).value?.event).toBe(name)
    }
    await storage.close()
  })

  test('a wrong password, an unknown user, and none', async () => {
    expect((await refusal({ url: urlOf('writer', 'wrong') })).code).toBe('STORAGE_AUTH')
    expect((await refusal({ url: urlOf('nobody', PASSWORD) })).code).toBe('STORAGE_AUTH')
    const none = await refusal({ url: server.url })
    expect(none.code).toBe('STORAGE_PERMISSION')
    expect(none.message).toContain('user')
  })

  test('a user without the rights: no error shows what the call was about', async () => {
    const storage = mongoStorage({ url: urlOf('reader', PASSWORD), namespace, init: false })
    const secret = '"a payload"'
    const id = 'an id of somebody'
    const request = {
      dfid: id,
      agentId: id,
      reason: id,
      contextJson: secret,
      proposalJson: secret,
      impact: id,
    }
    const agent = {
      agentId: id,
      contractJson: secret,
      priority: 1,
      status: id,
      agentVersion: id,
      sessionToken: id,
    }
    const calls = [
      storage.agentRegistry.upsertAgent(agent),
      storage.agentRegistry.updateStatus(id, 'X', secret),
      storage.context.setSession(id, secret),
      storage.context.compareAndSetState(id, secret, secret),
      storage.idempotency.set(id, { secret }),
      storage.idempotency.setIfAbsent(id, { secret }),
      storage.idempotency.claim(id, { leaseSec: 1 }),
      storage.idempotency.complete(id, id, { secret }),
      storage.decisionAudit.record(id, secret),
      storage.decisionAudit.recordMany([
        { dfid: id, event: secret },
        { dfid: id, event: id },
      ]),
      storage.saga.markDirty(id, id, secret),
      storage.saga.clearDirty(id),
      storage.resourceLock.acquire(id, { [id]: 1 }, 0),
      storage.resourceLock.release(id),
      storage.intentRetry.increment(id),
      storage.intentRetry.setCount(id, 1),
      storage.escalation.recordBudgetToken(id),
      storage.escalation.insertRequest(request),
      storage.escalation.resolveRequest(id, '2020-01-01', id, secret),
      storage.escalation.tryConsumeBudget(id, { limit: 1, windowSec: 1 }),
      storage.lifecycle.recordTransition(id, null, secret),
      storage.lifecycle.transition(id, null, secret),
      storage.atomically((batch) => batch.context.setSession(id, secret)),
    ]
    for (const call of await Promise.allSettled<unknown>(calls)) {
      const error: unknown = call.status === 'rejected' ? call.reason : null
      expect(factsOf(error)).toEqual({ code: 'STORAGE_PERMISSION', outcome: 'not-applied', retryable: false })
      expect(inspect(error, { depth: 9 })).not.toMatch(/payload|an id of somebody/)
      expect(JSON.stringify(error)).not.toMatch(/payload|an id of somebody/)
    }
    await storage.close()
  })

  test('TLS that the server does not speak', async () => {
    const open = await start('mongo')
    const none = await refusal({ url: `mongodb://127.0.0.1:${open.port}/?tls=true` })
    expect(none.code).toBe('STORAGE_UNAVAILABLE')
    expect(none.message).toContain('tls')
    await open.stop()
  })

  test('TLS: an authority that is not known, another name, the right one, and none at the port', async () => {
    const tls = (query: string): string => urlOf('writer', PASSWORD, `tls=true&${query}`)
    const ca = `tlsCAFile=${encodeURIComponent(server.caFile)}`
    const unknown = await refusal({ url: tls('') })
    const wrong = { code: 'STORAGE_CONFIGURATION', outcome: 'not-applied', retryable: false, setting: 'tls' }
    expect(factsOf(unknown, 'setting', 'found')).toEqual({ ...wrong, found: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(unknown.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    const other = await refusal({ url: tls(ca).replace('127.0.0.1', 'localhost') })
    expect(factsOf(other, 'setting', 'found')).toEqual({ ...wrong, found: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    const right = mongoStorage({ url: tls(ca), namespace })
    await right.init()
    await right.close()
    for (const tlsMode of ['preferTLS', 'requireTLS'])
      await admin
        .db('admin')
        .command({ setParameter: 1, tlsMode })
        .catch(() => {})
    const plain = await refusal({ url: urlOf('writer', PASSWORD) })
    expect(plain.code).toBe('STORAGE_UNAVAILABLE')
    expect(plain.message).toContain('tls')
  })
})
