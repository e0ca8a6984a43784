import { expect, test } from 'vitest'
import { failureOf } from '../../../scripts/servers/failure.ts'
import { redisCommand } from '../../../scripts/servers/index.ts'
import { withServer } from '../../../scripts/servers/live.ts'
import { RedisConnection } from '../src/connection.ts'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { STEPS, SCHEMA_VERSION, type Step } from '../src/schema.ts'
import { NAMES, openStore } from '../src/store.ts'

const REFUSED = { code: 'STORAGE_SCHEMA', outcome: 'not-applied', retryable: false } as const

const namespace = 'schema'
const FLOWS = 250

/** A step as a later version might have: it keeps the length of each session beside it, 20 of them at a time. */
const LENGTHS: Step = {
  package: '9.8.0',
  lua: /* lua */ `
local ids = redis.call('ZRANGEBYLEX', key.session_by_id, cursor == '' and '-' or '(' .. cursor, '+', 'LIMIT', 0, 20)
for _, id in ipairs(ids) do
  local record = cmsgpack.unpack(redis.call('HGET', key.session, id))
  redis.call('HSET', key.session, id, cmsgpack.pack({ record[1], record[2], #record[1] }))
  redis.call('HINCRBY', key.meta, 'visited', 1)
end
return ids[20]`,
}
const NEXT: readonly Step[] = [...STEPS, LENGTHS]
const AFTER_NEXT: readonly Step[] = [...NEXT, { package: '9.9.0', lua: '' }]

/** As version 1 left it: without an index by agent, and without who decided. */
const TO_VERSION_1: Step = {
  package: '0.0.0',
  lua: /* lua */ `
local after = cursor == '' and '0' or cursor
local found = redis.call('ZRANGE', key.requests_by_number, '(' .. after, '+inf', 'BYSCORE', 'LIMIT', 0, 100, 'WITHSCORES')
for i = 1, #found, 2 do
  local record = cmsgpack.unpack(redis.call('HGET', key.requests, found[i]))
  redis.call('HSET', key.requests, found[i], cmsgpack.pack({ unpack(record, 1, 8) }))
end
if found[200] then return found[200] end
redis.call('DEL', key.requests_by_agent)`,
}

/** As version 2 left it: without what lists are read from, and without what claims are for. */
const TO_VERSION_2: Step = {
  package: '0.0.0',
  lua: /* lua */ `
redis.call('DEL', key.events_by_time, key.flows, key.flows_by_status, key.holds_by_fence, key.claims_by_time, key.results_by_flow)
for _, id in ipairs(redis.call('ZRANGEBYLEX', key.results_by_id, '-', '+')) do
  local record = cmsgpack.unpack(redis.call('HGET', key.results, id))
  redis.call('HSET', key.results, id, cmsgpack.pack({ unpack(record, 1, 6) }))
end`,
}

withServer('redis', (url) => {
  const meta = async (field: string): Promise<string | undefined> =>
    (await redisCommand(url, 'HGET', `{${namespace}}:meta`, field)).split('\r\n').at(-1)

  async function open(steps: readonly Step[], create = true) {
    const connection = new RedisConnection({ url }, namespace, 5_000)
    try {
      return await openStore(connection, create, () => performance.now() + 5_000, steps)
    } finally {
      await connection.close()
    }
  }

  /** A store of the current version with something in it. */
  async function withStore(act: (storage: ReturnType<typeof redisStorage>) => Promise<void>): Promise<void> {
    await dropNamespace({ url, namespace })
    const storage = redisStorage({ url, namespace })
    try {
      await Promise.all(
        Array.from({ length: FLOWS }, (_, index) =>
          storage.context.setSession(`flow ${index}`, `"${index}"`),
        ),
      )
      await act(storage)
    } finally {
      await storage.close()
      await dropNamespace({ url, namespace })
    }
  }

  test('a new step brings a store forward, in pages, whole and once, however many processes begin it', async () => {
    await withStore(async (storage) => {
      const before = await storage.context.getSession('flow 7')
      const states = await Promise.all(Array.from({ length: 5 }, () => open(NEXT)))
      const next = String(SCHEMA_VERSION + 1)
      expect(states.map(({ version }) => version)).toEqual(states.map(() => next))
      expect(await meta('visited')).toBe(String(FLOWS))
      await open(AFTER_NEXT)
      expect(await meta('version')).toBe(String(SCHEMA_VERSION + 2))
      expect(await meta('visited')).toBe(String(FLOWS))
      await redisCommand(url, 'HSET', `{${namespace}}:meta`, 'version', String(SCHEMA_VERSION))
      expect(await storage.context.getSession('flow 7')).toBe(before)
    })
  })

  test('what was interrupted goes on where it ended, and nobody reads or writes meanwhile', async () => {
    await withStore(async (storage) => {
      const failing: Step = {
        ...LENGTHS,
        lua: `if cursor ~= '' then error('interrupted') end\n${LENGTHS.lua}`,
      }
      expect((await failureOf(open([...STEPS, failing]))).code).toBe('STORAGE_INTERNAL')
      expect(await meta('version')).toBe(`${SCHEMA_VERSION}>${SCHEMA_VERSION + 1}`)
      const refused = { ...REFUSED, found: `${SCHEMA_VERSION}>${SCHEMA_VERSION + 1}` }
      expect(await failureOf(storage.context.getSession('flow 7'), 'found')).toEqual(refused)
      expect(await failureOf(storage.context.setSession('flow 7', '7'), 'found')).toEqual(refused)
      expect(await failureOf(redisStorage({ url, namespace }).init(), 'found')).toEqual(refused)
      expect((await open(NEXT)).version).toBe(String(SCHEMA_VERSION + 1))
      expect(await meta('visited')).toBe(String(FLOWS))
    })
  })

  test('code of an older version says which version of the package is needed, also to a handle that was open', async () => {
    await withStore(async (storage) => {
      await open(NEXT)
      const refused = {
        ...REFUSED,
        message: expect.stringContaining('@dir/storage-redis to 9.8.0 or newer') as string,
      }
      expect(await failureOf(storage.context.getSession('flow 7'), 'message')).toEqual(refused)
      expect(await failureOf(storage.context.setSession('flow 7', '7'), 'message')).toEqual(refused)
      expect(await failureOf(redisStorage({ url, namespace }).init(), 'message')).toEqual(refused)
      expect((await redisStorage({ url, namespace }).health()).ok).toBe(false)
    })
  })

  test('a store of version 1 has its requests by agent afterwards, and keeps from then on who decides', async () => {
    await withStore(async (storage) => {
      const flows = Array.from({ length: FLOWS }, (_, index) => `flow ${(index * 37) % FLOWS}`)
      const texts = { reason: '', contextJson: '1', proposalJson: '2', impact: '' }
      await Promise.all(
        flows.map((dfid, n) =>
          storage.escalation.insertRequest({ dfid, agentId: `agent ${n % 2}`, ...texts }),
        ),
      )
      await storage.escalation.resolveRequest(flows[0] ?? '', '2026-03-01', 'YES', null, {
        resolvedBy: 'reviewer',
      })
      await open([...STEPS, TO_VERSION_1])
      await redisCommand(url, 'HSET', `{${namespace}}:meta`, 'version', '1')
      const refused = { ...REFUSED, found: '1' }
      expect(await failureOf(storage.escalation.getRequest('flow 0'), 'found')).toEqual(refused)
      await Promise.all(Array.from({ length: 5 }, () => open(STEPS)))
      const listed = async (agentId: string) => {
        const all = await Array.fromAsync(storage.escalation.listRequests({ agentId }))
        return all.map(({ dfid, status, decision, resolvedBy }) => [dfid, status, decision, resolvedBy])
      }
      const pending = flows.map((dfid) => [dfid, 'PENDING', null, null])
      const first = [flows[0], 'RESOLVED', 'YES', null]
      expect(await listed('agent 0')).toEqual([first, ...pending.filter((_, n) => n > 0 && n % 2 === 0)])
      expect(await listed('agent 1')).toEqual(pending.filter((_, n) => n % 2 === 1))
      await storage.escalation.resolveRequest(flows[1] ?? '', '2026-03-01', 'NO', null, {
        resolvedBy: 'desk',
      })
      await storage.escalation.insertRequest({ dfid: flows[3] ?? '', agentId: 'agent 0', ...texts })
      expect((await listed('agent 1')).slice(0, 2)).toEqual([
        [flows[1], 'RESOLVED', 'NO', 'desk'],
        pending[5],
      ])
      expect((await listed('agent 0')).at(-1)).toEqual(pending[3])
    })
  })

  test('a store of version 2 has its flows by their last transitions afterwards, thousands of them', async () => {
    await withStore(async ({ lifecycle }) => {
      const record = (count: number, toStatus: (n: number) => string) =>
        Promise.all(
          Array.from({ length: count }, (_, n) =>
            lifecycle.recordTransition(`flow ${(n * 37) % count}`, null, toStatus(n)),
          ),
        )
      const long = 'long '.repeat(13_000)
      await record(3_001, () => 'OLD')
      await record(1_201, (n) => (n % 100 === 3 ? long : `S${n % 5}`))
      for (const dfid of ['flow', 'flow 1\u0001', 'flow 1\u0001\u0001'])
        await lifecycle.recordTransition(dfid, null, '')
      const listed = (status?: string) =>
        Array.fromAsync(lifecycle.listFlows(status === undefined ? {} : { status }))
      const before = await listed()
      expect(before).toHaveLength(3_004)
      await open([...STEPS, TO_VERSION_2])
      await redisCommand(url, 'HSET', `{${namespace}}:meta`, 'version', '2')
      expect(await failureOf(listed(), 'found')).toEqual({ ...REFUSED, found: '2' })
      await Promise.all(Array.from({ length: 5 }, () => open(STEPS)))
      expect(await listed()).toEqual(before)
      for (const status of ['OLD', 'S0', long, '', 'none'])
        expect(await listed(status)).toEqual(before.filter((one) => one.status === status))
      expect(await lifecycle.transition('flow 7', 'OLD', 'S0')).toBe(false)
      await lifecycle.recordTransition('flow 2', null, 'MOVED')
      expect((await listed()).map(({ dfid }) => dfid)).toEqual([
        ...before.map(({ dfid }) => dfid).filter((dfid) => dfid !== 'flow 2'),
        'flow 2',
      ])
    })
  })

  test('a store of version 2 has its holds, its unfinished claims and its events in order afterwards, hundreds of them', async () => {
    await withStore(async ({ idempotency, resourceLock, decisionAudit }) => {
      const names = [
        'a',
        'a\u0001',
        '\u{10000}',
        ...Array.from({ length: 250 }, (_, n) => `${(n * 37) % 250}`),
      ]
      for (const name of names) {
        await idempotency.claim(name, { leaseSec: 600, requestHash: 'h' })
        await resourceLock.acquireBatch(name, { [name]: 1, r: 1 }, 5, { leaseSec: 600 })
      }
      await Promise.all(names.slice(100).map((name) => idempotency.set(name, {})))
      for (const name of names.slice(200)) await resourceLock.acquireBatch(name, { r: 2 }, 5)
      await decisionAudit.recordMany(names.map((dfid) => ({ dfid, event: 'E' })))
      const listed = () =>
        Promise.all([
          Array.fromAsync(idempotency.listClaims()),
          Array.fromAsync(resourceLock.listHolds()),
          Array.fromAsync(decisionAudit.events({ from: '2000-01-01' })),
        ])
      const before = await listed()
      expect(before.map((list) => list.length)).toEqual([100, 2 * names.length, names.length])
      await open([...STEPS, TO_VERSION_2])
      await redisCommand(url, 'HSET', `{${namespace}}:meta`, 'version', '2')
      await Promise.all(Array.from({ length: 3 }, () => open(STEPS)))
      expect(await listed()).toEqual(before)
      await idempotency.set('a', {})
      await resourceLock.release('a')
      const [claims, holds] = await listed()
      expect(claims).toEqual(before[0].filter(({ key }) => key !== 'a'))
      expect(holds).toEqual(before[1].filter(({ dfid }) => dfid !== 'a'))
    })
  })

  test('lists of a namespace that an older version dropped, as far as it knew it, are empty', async () => {
    await withStore(async (before) => {
      await before.lifecycle.recordTransition('flow', null, 'A')
      await before.decisionAudit.record('flow', 'E', { agentId: 'agent' })
      await before.idempotency.claim('key', { leaseSec: 600, dfid: 'flow' })
      await before.resourceLock.acquireBatch('flow', { r: 1 }, 5)
      const known = NAMES.filter(
        (name) =>
          !/^(events_by_time|events_by_agent|flows|flows_by_status|claims_by_time|results_by_flow|holds_by_fence)$/.test(
            name,
          ),
      )
      await redisCommand(url, 'UNLINK', ...known.map((name) => `{${namespace}}:${name}`))
      await using storage = redisStorage({ url, namespace })
      const { decisionAudit, idempotency, lifecycle, resourceLock } = storage
      for (const list of [
        decisionAudit.events({ agentId: 'agent' }),
        decisionAudit.events({ from: '2000-01-01' }),
        lifecycle.listFlows(),
        lifecycle.listFlows({ status: 'A' }),
        idempotency.listClaims(),
        resourceLock.listHolds(),
      ])
        expect(await Array.fromAsync<unknown>(list)).toEqual([])
      expect(await redisCommand(url, 'EXISTS', `{${namespace}}:results_by_flow`)).toBe('0')
    })
  })

  test('init: false brings nothing forward, and says so', async () => {
    await withStore(async () => {
      expect(await failureOf(open(NEXT, false), 'found', 'expected')).toEqual({
        ...REFUSED,
        found: String(SCHEMA_VERSION),
        expected: String(SCHEMA_VERSION + 1),
      })
      expect(await meta('version')).toBe(String(SCHEMA_VERSION))
    })
  })
})
