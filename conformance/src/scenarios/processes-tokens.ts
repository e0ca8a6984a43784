import type { Scenario } from '../scenario.ts'
import { group, range, until } from './kit.ts'
import { claimEach, endEach, leave, toJob } from './process-token-jobs.ts'

export const scenarios: readonly Scenario[] = group({ level: 'shared', protocols: [] }, [
  {
    id: 'processes/claims-end-by-their-tokens-anywhere',
    title:
      'a claim of one process is ended in another by its token, before and after its lease, and by no other',
    clause: "complete, abandon → true if that token is the current claim's, expired or not",
    protocols: ['idempotency'],
    capabilities: ['claim', 'processes'],
    asserts: 8,
    async run({ storage: { idempotency }, processes, id, assert }) {
      const keys = range(3).map((n) => [id(`long ${n}`), id(`given ${n}`), id(`short ${n}`)])
      const jobs = keys.map((own) => toJob(claimEach, { keys: own }))
      const tokens = ((await processes.run(jobs)) as string[][]).flat()
      assert.equal(new Set(tokens).size, 9, 'how many different tokens')
      const known = new Map(keys.flat().map((key, n) => [key, tokens[n] ?? '']))
      const tokenOf = (key = ''): string => known.get(key) ?? ''
      const [first = [], second = [], third = []] = keys
      assert.equal(
        await idempotency.complete(first[0] ?? '', tokenOf(second[0]), {}),
        false,
        'a foreign token',
      )
      assert.equal((await idempotency.claim(first[0] ?? '', { leaseSec: 1 })).state, 'inFlight', 'in flight')
      assert.equal(await idempotency.complete(first[0] ?? '', tokenOf(first[0]), { n: 1 }), true, 'its token')
      assert.equal(await idempotency.abandon(first[1] ?? '', tokenOf(first[1])), true, 'given up')
      const over = await until(
        () => idempotency.claim(first[2] ?? '', { leaseSec: 1, requestHash: 'H' }),
        ({ state }) => state !== 'inFlight',
      )
      assert.equal(
        [over.state, over.state === 'ambiguous' && over.token],
        ['ambiguous', tokenOf(first[2])],
        'a claim that ran out',
      )
      const ends = [
        [second[0], tokenOf(third[0]), 'complete'],
        [second[0], tokenOf(second[0]), 'complete'],
        [second[1], tokenOf(second[1]), 'abandon'],
        [first[2], tokenOf(first[2]), 'complete'],
        [first[0], tokenOf(first[0]), 'abandon'],
      ].map(([key = '', token = '', how = '']) => [key, token, how] as const)
      assert.equal(
        await processes.run([toJob(endEach, { ends })]),
        [[false, true, true, true, false]],
        'in a third process',
      )
      assert.equal(
        [await idempotency.get(second[0] ?? ''), await idempotency.get(second[1] ?? '')],
        [{ by: 'another process' }, null],
        'what it left',
      )
    },
  },
  {
    id: 'processes/go-on-with-what-others-left',
    title: 'what one process left is checked, resolved, renewed and released in another',
    clause: 'several processes share one store',
    protocols: ['context', 'escalation', 'lifecycle', 'resourceLock', 'intentRetry'],
    capabilities: ['processes', 'leases'],
    asserts: 10,
    async run({ storage, processes, id, assert }) {
      const { context, escalation, lifecycle, resourceLock, intentRetry } = storage
      const [one, other] = [id('one'), id('other')]
      const text = JSON.stringify('x'.repeat(70_000))
      const jobs = [toJob(leave, { id: one, text }), toJob(leave, { id: other, text: '1' })]
      const fences = (await processes.run(jobs)) as number[]
      const fence = fences[0] ?? 0
      assert.ok(fence > 0 && new Set(fences).size === 2, 'a fence of its own for each')
      const near = text.replace('x"', 'y"')
      assert.equal(
        [
          await context.compareAndSetSession(one, near, '2'),
          await context.compareAndSetSession(one, text, '2'),
          await context.compareAndSetState(one, null, '2'),
          await context.compareAndSetState(one, text, '2'),
        ],
        [false, true, false, true],
        'the session and the state',
      )
      const [request] = (await escalation.getPendingRequests()).filter(({ dfid }) => dfid === one)
      const createdAt = request?.createdAt ?? ''
      assert.equal(
        await escalation.resolveRequest(one, '2026-03-01', 'x', null, { createdAt }),
        true,
        'the request',
      )
      const budget = { limit: 2, windowSec: 3_600 }
      assert.equal(await escalation.tryConsumeBudget(one, budget), { granted: true, used: 2 }, 'the budget')
      assert.equal(await lifecycle.transition(one, 'LEFT', 'NEXT'), true, 'the status')
      assert.equal(await intentRetry.increment(one), 2, 'the count')
      const capacities = { [one]: 100 }
      await assert.rejects(
        () => resourceLock.acquireBatch(other, { [one]: 41 }, 30, { capacities }),
        'STORAGE_INSUFFICIENT_CAPACITY',
        'the room',
        { locked: 60 },
      )
      assert.equal(await resourceLock.renew(one, 6_000, { fence: fence - 1 }), false, 'an older fence')
      assert.equal(await resourceLock.renew(one, 6_000, { fence }), true, 'its fence')
      await resourceLock.release(one, { fence })
      const grant = await resourceLock.acquire(other, { [one]: 100 }, 30, { capacities })
      assert.ok((grant?.fence ?? 0) > Math.max(...fences), 'a later fence, once it is released')
    },
  },
])
