import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { STEPS } from '../src/schema.ts'
import { dropNamespace, mongoSchema, mongoStorage } from '../src/index.ts'
import { failureOf } from './failure.ts'

const namespace = 'migrated'
const HANDLES = 8

withServer('mongo', (url) => {
  const client = new MongoClient(url)
  const db = client.db('dir_storage')
  const collection = (name: string) => db.collection<{ _id: unknown }>(`${namespace}.${name}`)
  beforeAll(() => dropNamespace({ url, namespace }))
  afterAll(async () => {
    await dropNamespace({ url, namespace })
    await client.close()
  })

  /** As the package of version 1 of the schema left it: a record in each of its collections. */
  async function writeVersion1(): Promise<void> {
    for (const [name, indexes] of Object.entries(STEPS[0]?.create ?? {})) {
      await db.createCollection(`${namespace}.${name}`)
      if (indexes.length > 0) await collection(name).createIndexes([...indexes])
    }
    const at = '2026-01-02T03:04:05.000000Z'
    const rows: Readonly<Record<string, readonly { readonly _id: unknown }[]>> = {
      agent_registry: [
        {
          _id: 'a',
          contractJson: '{"n":1}',
          priority: 3,
          status: 'ACTIVE',
          agentVersion: '1',
          sessionToken: null,
          suspensionReason: null,
          registeredAt: at,
          updatedAt: at,
        },
      ] as never,
      context_session: [{ _id: 'f', dataJson: '{"s":1}', digest: null, updatedAt: at }] as never,
      idempotency_cache: [
        { _id: 'k', resultJson: '{"r":1}', requestHash: null, createdAt: at, claim: null },
      ] as never,
      decision_audit_events: [
        {
          _id: 1,
          eventId: 'e1',
          dfid: 'f',
          event: 'one',
          stepId: '',
          state: '',
          detailsJson: '{}',
          timestamp: at,
        },
        {
          _id: 2,
          eventId: 'e2',
          dfid: 'g',
          event: 'two',
          stepId: '',
          state: '',
          detailsJson: '{}',
          timestamp: at,
        },
      ] as never,
      resource_locks: [
        { _id: { dfid: 'f', resourceId: 'r' }, micros: 2_000_000, acquiredAt: at, expiresAt: null, fence: 7 },
      ] as never,
      lock_versions: [
        { _id: { kind: 'resource', id: 'r' }, total: 2_000_000, version: 1, usedAt: new Date(at) },
      ] as never,
      escalation_budget: [{ _id: 't', agentId: 'a', createdAt: at }] as never,
      intent_retry_counts: [{ _id: 'f', count: 4, updatedAt: at }] as never,
      lifecycle_transitions: [
        { _id: 1, eventId: 't1', dfid: 'f', fromStatus: null, toStatus: 'NEW', createdAt: at },
      ] as never,
      meta: [
        { _id: 'fence', value: 7 },
        { _id: 'schema_version', value: 1 },
      ] as never,
    }
    for (const [name, documents] of Object.entries(rows)) await collection(name).insertMany([...documents])
  }

  test('a namespace of version 1 is brought to the newest by eight handles at once, with what is in it', async () => {
    await writeVersion1()
    const refused = mongoStorage({ url, namespace, init: false })
    expect((await failureOf(refused.init())).code).toBe('STORAGE_SCHEMA')
    await refused.close()
    const handles = Array.from({ length: HANDLES }, () =>
      mongoStorage({ url, namespace, operationTimeoutMs: 60_000 }),
    )
    await Promise.all(handles.map((handle) => handle.init()))
    const [storage] = handles
    if (storage === undefined) throw new Error('no handle')
    expect((await storage.agentRegistry.getAgent('a'))?.contract).toEqual({ n: 1 })
    expect(await storage.context.getSession('f')).toBe('{"s":1}')
    expect(await storage.idempotency.get('k')).toEqual({ r: 1 })
    expect((await storage.decisionAudit.allEventsChronological()).map(({ event }) => event)).toEqual([
      'one',
      'two',
    ])
    expect(await storage.decisionAudit.record('f', 'three')).toBe(3)
    expect(await storage.resourceLock.getLockedAmount('r', null)).toBe(2)
    const grant = await storage.resourceLock.acquire('g', { r: 1 }, 5, { capacities: { r: 3 } })
    expect(grant?.fence).toBeGreaterThan(7)
    expect(await storage.intentRetry.increment('f')).toBe(5)
    expect(await storage.lifecycle.transition('f', 'NEW', 'OPEN')).toBe(true)
    await storage.escalation.recordBudgetToken('a')
    expect(await storage.escalation.getWindowCount('a', '2026-01-02T03:04:05Z')).toBe(2)
    expect(await storage.escalation.getWindowCount('a', '2026-01-02T03:04:06Z')).toBe(1)
    for (const handle of handles) await handle.close()
    for (const { collection: name, indexes } of mongoSchema(namespace)) {
      const there = (await db.collection(name).indexes()).map((index) => index.name)
      expect([name, new Set(there)]).toEqual([name, new Set(['_id_', ...indexes.map((index) => index.name)])])
    }
  })

  test('what mongoSchema() lists from a version on is what that version lacks', () => {
    const changes = mongoSchema(namespace, 1).map(({ collection: name, indexes, dropIndexes }) => {
      return [name.slice(namespace.length + 1), indexes.map((index) => index.name), dropIndexes]
    })
    expect(changes).toEqual([
      ['decision_audit_events', [], ['by_event_id']],
      ['resource_locks', ['by_fence'], []],
      ['escalation_budget', ['by_time', 'by_number'], ['by_agent']],
      ['lifecycle_transitions', [], ['by_event_id']],
    ])
    expect(mongoSchema(namespace, STEPS.length)).toEqual([])
  })

  test('a namespace that is too new names the version of the package that it needs', async () => {
    const newer = { $set: { value: STEPS.length + 1, package: '9.8.7' } }
    await collection('meta').updateOne({ _id: 'schema_version' as never }, newer, { upsert: true })
    const storage = mongoStorage({ url, namespace })
    await expect(storage.init()).rejects.toThrow('@dir/storage-mongo to 9.8.7')
    await storage.close()
  })
})
