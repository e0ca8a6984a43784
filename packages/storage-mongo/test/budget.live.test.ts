import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withServer } from '../../../scripts/servers/live.ts'
import { dropNamespace, mongoStorage } from '../src/index.ts'

const namespace = 'budget'

interface Token {
  readonly agentId: string
  readonly createdAt: string
  readonly number: number
}

withServer('mongo', (url) => {
  const client = new MongoClient(url)
  const tokens = client.db('dir_storage').collection<Token>(`${namespace}.escalation_budget`)
  beforeAll(() => dropNamespace({ url, namespace }))
  afterAll(async () => {
    await dropNamespace({ url, namespace })
    await client.close()
  })

  test('handles that add tokens at once give each its own number', async () => {
    const handles = [1, 2, 3, 4].map(() => mongoStorage({ url, namespace, operationTimeoutMs: 60_000 }))
    const [one] = handles
    await Promise.all(handles.map((handle) => handle.init()))
    await Promise.all(
      handles.flatMap(({ escalation }) =>
        Array.from({ length: 40 }, (_, index) =>
          index % 2 === 0
            ? escalation.recordBudgetToken('agent')
            : escalation.tryConsumeBudget('agent', { limit: 1_000, windowSec: 3_600 }),
        ),
      ),
    )
    const found = await tokens.find({ agentId: 'agent' }).sort({ createdAt: 1, number: 1 }).toArray()
    expect(found.map(({ number }) => number)).toEqual(Array.from({ length: 160 }, (_, index) => index + 1))
    const middle = found[80]?.createdAt ?? ''
    const since = found.filter(({ createdAt }) => createdAt >= middle).length
    expect(await one?.escalation.getWindowCount('agent', middle)).toBe(since)
    for (const handle of handles) await handle.close()
  })

  test('a token is not older than the one before it, whatever the clock of a new primary says', async () => {
    const storage = mongoStorage({ url, namespace })
    await storage.escalation.recordBudgetToken('late')
    await tokens.updateOne({ agentId: 'late' }, { $set: { createdAt: '2099-01-01T00:00:00.000000Z' } })
    await storage.escalation.recordBudgetToken('late')
    // or the later one would count as the first of the window
    for (const since of ['2020-01-01T00:00:00Z', '2099-01-01T00:00:00Z'])
      expect(await storage.escalation.getWindowCount('late', since)).toBe(2)
    await storage.close()
  })
})
