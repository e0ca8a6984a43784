import { MongoClient } from 'mongodb'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { oldDocuments } from '../src/prune.ts'
import { dropNamespace, mongoStorage } from '../src/index.ts'

const namespace = 'pruned_pages'
const OLD = '2026-01-02T03:04:05.000000Z'
const HOUR_SEC = 3_600
const BUDGET = { limit: 3, windowSec: HOUR_SEC }

withServer('mongo', (url) => {
  const client = new MongoClient(url)
  const collection = (name: string) =>
    client.db('dir_storage').collection<{ _id: string }>(`${namespace}.${name}`)
  const tokens = collection('escalation_budget')
  const open = () => mongoStorage({ url, namespace })
  const addTokens = (agentId: string, count: number, createdAt: string) =>
    tokens.insertMany(
      Array.from({ length: count }, (_, n) => {
        return { _id: `${agentId} ${createdAt} ${n}`, agentId, createdAt, number: n + 1 }
      }),
    )
  const fastForward = (hours: number) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + hours * HOUR_SEC * 1_000 })
    return { before: new Date().toISOString(), terminal: ['DONE'] }
  }

  beforeEach(() => dropNamespace({ url, namespace }))
  afterEach(() => vi.useRealTimers())
  afterAll(async () => {
    await dropNamespace({ url, namespace })
    await client.close()
  })

  test('whose clock is hours ahead prunes no token that still counts', async () => {
    await using storage = open()
    for (const granted of [true, true, true, false])
      expect((await storage.escalation.tryConsumeBudget('agent', BUDGET)).granted).toBe(granted)
    const options = { ...fastForward(2), keepTokensSec: HOUR_SEC }
    for (const dryRun of [true, false])
      expect((await storage.prune({ ...options, dryRun })).removed).toEqual({})
    expect(await storage.escalation.tryConsumeBudget('agent', BUDGET)).toEqual({ granted: false, used: 3 })
    expect((await storage.prune({ ...options, keepTokensSec: 0 })).removed).toEqual({ escalation: 3 })
  })

  test('whose clock is hours ahead prunes no result that is still kept, of a flow or of none', async () => {
    await using storage = open()
    await storage.lifecycle.recordTransition('flow', null, 'DONE')
    await storage.idempotency.set('of none', {})
    const made = await storage.idempotency.claim('of a flow', { leaseSec: 60, dfid: 'flow' })
    if (made.state !== 'started') throw new Error(made.state)
    await storage.idempotency.complete('of a flow', made.token, {})
    const options = { ...fastForward(2), keepResultsSec: HOUR_SEC }
    const nothing = { flows: 0, removed: {}, kept: { idempotency: 1 } }
    expect(await storage.prune(options)).toEqual(nothing)
    const { removed } = await storage.prune({ ...options, keepResultsSec: 0 })
    expect(removed).toEqual({ idempotency: 2, lifecycle: 1 })
  })

  test('old tokens go page by page, and what else there is of their agents is counted as before', async () => {
    await using storage = open()
    await storage.init()
    await addTokens('one', 2_600, OLD)
    await addTokens('other', 2, '2026-01-03T03:04:05.000000Z')
    for (const agent of ['one', 'other']) await storage.escalation.recordBudgetToken(agent)
    const options = { before: '2026-02-01T00:00:00Z', terminal: ['DONE'] }
    for (const dryRun of [true, false])
      expect((await storage.prune({ ...options, dryRun })).removed).toEqual({ escalation: 2_602 })
    expect(await tokens.countDocuments()).toBe(2)
    for (const agent of ['one', 'other']) {
      expect(await storage.escalation.getWindowCount(agent, OLD)).toBe(1)
      expect(await storage.escalation.tryConsumeBudget(agent, BUDGET)).toEqual({ granted: true, used: 2 })
    }
    expect((await storage.prune(options)).removed).toEqual({})
  })

  test('tokens that are not old are not looked at', async () => {
    await using storage = open()
    await storage.init()
    await addTokens('agent', 10, OLD)
    await addTokens('agent', 1_000, new Date(Date.now() - 1_000).toISOString().replace('Z', '000Z'))
    const old = oldDocuments(new Date().toISOString().replace('Z', '000Z'), HOUR_SEC * 1e6)
    const found = tokens.find(old as object).sort({ createdAt: 1, number: 1 })
    const { executionStats } = (await found.explain('executionStats')) as {
      executionStats: Record<string, number>
    }
    expect([executionStats['nReturned'], executionStats['totalDocsExamined']]).toEqual([10, 10])
    expect(executionStats['totalKeysExamined']).toBeLessThan(20)
  })
})
