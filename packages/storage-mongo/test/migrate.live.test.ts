import { MongoClient, Timestamp } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { STEPS } from '../src/schema.ts'
import { dropNamespace, mongoSchema, mongoStorage } from '../src/index.ts'
import { failureOf } from '../../../scripts/servers/failure.ts'

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
    const texts = { reason: '', contextJson: '{}', proposalJson: '1', impact: '' }
    const asked = { agentId: 'a', ...texts, createdAt: at }
    const opened = (i: number) => ({ at: new Timestamp({ t: 1, i }), position: i, by: 'x' })
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
      escalation_requests: [
        { _id: 'f', ...asked, resolvedAt: at, decision: 'YES', opened: opened(1) },
        { _id: 'e', ...asked, resolvedAt: null, decision: null, opened: opened(2) },
      ] as never,
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
    const listed = async () => {
      const all = await Array.fromAsync(storage.escalation.listRequests({ agentId: 'a' }))
      return all.map(({ dfid, status, decision, resolvedBy }) => [dfid, status, decision, resolvedBy])
    }
    const decided = ['f', 'RESOLVED', 'YES', null]
    expect(await listed()).toEqual([decided, ['e', 'PENDING', null, null]])
    await storage.escalation.resolveRequest('e', '2026-03-01', 'NO', null, { resolvedBy: 'reviewer' })
    expect(await listed()).toEqual([decided, ['e', 'RESOLVED', 'NO', 'reviewer']])
    expect(
      (await Array.fromAsync(storage.lifecycle.listFlows())).map(({ dfid, status }) => [dfid, status]),
    ).toEqual([['f', 'OPEN']])
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
      ['idempotency_cache', ['unfinished', 'by_flow'], []],
      ['decision_audit_events', ['by_time', 'by_agent', 'removed'], ['by_event_id']],
      ['resource_locks', ['by_place'], ['by_fence']],
      ['escalation_budget', ['by_time', 'by_number', 'by_age'], ['by_agent']],
      ['escalation_requests', ['by_agent'], []],
      ['lifecycle_transitions', ['not_kept', 'removed'], ['by_event_id']],
      ['lifecycle_flows', ['by_number', 'by_status'], []],
    ])
    expect(mongoSchema(namespace, STEPS.length)).toEqual([])
  })

  test('thousands of flows are brought along, and those that an older version moves meanwhile and later are followed', async () => {
    await dropNamespace({ url, namespace })
    for (const { collection: name } of mongoSchema(namespace)) await db.createCollection(name)
    const transitions = collection('lifecycle_transitions')
    const at = '2026-01-02T03:04:05.000000Z'
    const moved = (_id: number, dfid: string, toStatus: string) => ({
      _id,
      dfid,
      fromStatus: null,
      toStatus,
      createdAt: at,
    })
    const COUNT = 12_000
    await transitions.insertMany(
      Array.from({ length: COUNT }, (_, n) => moved(n + 1, `flow ${(n * 37) % 4_001}`, `s${n % 5}`)),
    )
    await collection('meta').insertOne({ _id: 'schema_version', value: STEPS.length - 1 } as never)
    const handles = Array.from({ length: 3 }, () => mongoStorage({ url, namespace }))
    const [storage] = handles as [(typeof handles)[number], ...typeof handles]
    let isDone = false
    let [next, conflicts] = [COUNT + 1, 0]
    /** As an older version records it: one document, with the next number that is free. */
    const record = async (dfid: string, to: string): Promise<void> => {
      const number = next++
      await transitions.insertOne(moved(number, dfid, to)).catch(() => {
        conflicts++ // somebody else's
        return record(dfid, to)
      })
    }
    const writer = (async () => {
      for (let n = 0; !isDone; n++) await record(`flow ${n % 100}`, `late ${n % 3}`)
    })()
    await Promise.all(handles.map((handle) => handle.init()))
    for (let n = 0; n < 20; n++) await storage.lifecycle.recordTransition(`flow ${n * 7}`, null, 'new')
    isDone = true
    await writer
    await record('flow 7', 'last')
    const last = new Map<string, object>()
    for (const { dfid, toStatus, createdAt } of await storage.lifecycle.getTransitions()) {
      last.delete(dfid)
      last.set(dfid, { dfid, status: toStatus, since: createdAt })
    }
    const expected = [...last.values()]
    expect(expected).toHaveLength(4_001)
    expect(conflicts).toBeGreaterThan(0)
    const { lifecycle } = storage
    expect(await Array.fromAsync(lifecycle.listFlows())).toEqual(expected)
    for (const status of ['s1', 'late 0', 'last', 'new', 'none'])
      expect(await Array.fromAsync(lifecycle.listFlows({ status }))).toEqual(
        expected.filter((one) => Reflect.get(one, 'status') === status),
      )
    for (const handle of handles) await handle.close()
  })

  test('a transaction lists flows where an older version moved them, and where it moves them itself', async () => {
    await dropNamespace({ url, namespace })
    await using storage = mongoStorage({ url, namespace })
    for (const dfid of ['a', 'b', 'c']) await storage.lifecycle.recordTransition(dfid, null, 'NEW')
    const older = ['a', 'b'].map((dfid, n) => {
      return {
        _id: 4 + n,
        dfid,
        fromStatus: 'NEW',
        toStatus: 'OLD',
        createdAt: '2026-01-02T03:04:05.000000Z',
      }
    })
    await collection('lifecycle_transitions').insertMany(older)
    await client.withSession(async (session) => {
      session.startTransaction()
      const { lifecycle } = storage.within(session)
      expect(await lifecycle.transition('a', 'OLD', 'MINE')).toBe(true)
      const listed = async (of = lifecycle) =>
        (await Array.fromAsync(of.listFlows())).map(({ dfid, status }) => `${dfid} ${status}`)
      const expected = ['c NEW', 'b OLD', 'a MINE']
      expect(await listed()).toEqual(expected)
      await session.commitTransaction()
      expect(await listed(storage.lifecycle)).toEqual(expected)
    })
  })

  test('a namespace that is too new names the version of the package that it needs', async () => {
    const newer = { $set: { value: STEPS.length + 1, package: '9.8.7' } }
    await collection('meta').updateOne({ _id: 'schema_version' as never }, newer, { upsert: true })
    const storage = mongoStorage({ url, namespace })
    await expect(storage.init()).rejects.toThrow('@dir/storage-mongo to 9.8.7')
    await storage.close()
  })
})
