import { PROTOCOLS, type PruneOptions } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, nearMisses } from './kit.ts'
import { ago, claim, hold, mark, move, plant, result } from './plant.ts'
import { LAST, OLD, contents, flow, isOf, prune, removedOf } from './prune-kit.ts'

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, needs: 'empty', capabilities: ['prune', 'export'] },
  [
    {
      id: 'prune/results-of-flows',
      title: 'a result belongs to the flow of its claim until another one is stored over it',
      clause: 'prune: every claim that was made for it has a result; a claim without a dfid is of no flow',
      level: 'atomic',
      asserts: 4,
      async run({ storage, assert }) {
        const { idempotency } = storage
        await plant(storage, [move('flow', 'DONE', OLD), LAST])
        const claimed = await idempotency.claim('key', { leaseSec: 60, dfid: 'flow' })
        const by = { flows: 0, removed: {}, kept: { idempotency: 1 } }
        assert.equal(await prune(storage), by, 'while it is claimed')
        const token = claimed.state === 'started' ? claimed.token : ''
        await idempotency.complete('key', token, { done: true })
        assert.equal(await prune(storage), by, 'when it has a result of now')
        const all = await Array.fromAsync(storage.exportRecords())
        const found = all.find((one) => one.type === 'idempotency')
        assert.equal(found?.dfid, 'flow', 'in an export')
        await idempotency.set('key', { done: 2 })
        assert.equal(
          await prune(storage),
          { flows: 1, removed: { lifecycle: 1 }, kept: {} },
          'when another one is stored over it',
        )
      },
    },
    {
      id: 'prune/results-of-flows-by-age',
      title: 'a flow stays for as long as its results shall stay',
      clause: 'prune: every claim that was made for it has a result, which is older than keepResultsSec too',
      asserts: 3,
      async run({ storage, assert }) {
        const records = [400_000, 600_000, 700_000].flatMap((age, n) => [
          result(`key ${n}`, ago(age), { dfid: `flow ${n}` }),
          move(`flow ${n}`, 'DONE', OLD),
        ])
        await plant(storage, [...records, LAST])
        const days = { keepResultsSec: undefined } as unknown as Partial<PruneOptions>
        assert.equal(
          await prune(storage, { dryRun: true, ...days }),
          { flows: 1, removed: { idempotency: 1, lifecycle: 1 }, kept: { idempotency: 2 } },
          'seven days, where nothing is said',
        )
        assert.equal(
          await prune(storage, { keepResultsSec: 500_000 }),
          { flows: 2, removed: { idempotency: 2, lifecycle: 2 }, kept: { idempotency: 1 } },
          'as long as is asked',
        )
        assert.equal(await storage.idempotency.get('key 0'), { ok: true }, 'the result that is left')
      },
    },
    {
      id: 'prune/keeps-open-claims',
      title: 'a claim that has no result stays, however old it is and whosever',
      clause: 'prune: results that are of no flow go by their age; claims do not',
      asserts: 3,
      async run({ storage, assert }) {
        const { idempotency } = storage
        await plant(storage, [claim('open', OLD), result('ended', OLD), LAST])
        assert.equal(
          await prune(storage),
          { flows: 0, removed: { idempotency: 1 }, kept: {} },
          'what is told',
        )
        const open = await Array.fromAsync(idempotency.listClaims())
        assert.equal(
          open.map(({ key, since }) => [key, since]),
          [['open', OLD]],
          'the claims that are left',
        )
        assert.equal((await idempotency.claim('open', { leaseSec: 60 })).state, 'ambiguous', 'another claim')
      },
    },
    {
      id: 'prune/keeps-what-has-no-transition',
      title: 'all that there is of a flow without a transition stays, its results too',
      clause: 'prune: everything of flows without a transition stays',
      asserts: 2,
      async run({ storage, assert }) {
        await plant(storage, [...flow('one', 1).filter(({ type }) => type !== 'transition'), LAST])
        const before = await contents(storage)
        assert.equal(await prune(storage), { flows: 0, removed: {}, kept: {} }, 'what is told')
        assert.equal(await contents(storage), before, 'everything')
      },
    },
    {
      id: 'prune/leases-that-ran-out',
      title: 'a flow whose only hold has expired goes',
      clause: 'prune: it holds no resource; expired holds do not exist',
      asserts: 2,
      async run({ storage, assert }) {
        await plant(storage, [...flow('one', 1), hold('one', 'fund', 1, { expiresAt: ago(60) }), LAST])
        assert.equal(await prune(storage), { flows: 1, removed: removedOf(1), kept: {} }, 'what is told')
        const free = { capacities: { fund: 1 } }
        const grant = await storage.resourceLock.acquire('two', { fund: 1 }, 0, free)
        assert.equal((grant?.fence ?? 0) > 1, true, 'what it held is free')
      },
    },
    {
      id: 'prune/flows-alike',
      title: 'what a flow has whose id is almost the same neither keeps a flow nor goes with it',
      clause: 'prune: ids are compared exactly',
      asserts: 2,
      async run({ storage, assert }) {
        const others = nearMisses('flow').flatMap((dfid, n) => [
          ...flow(dfid, 10 * n + 10, 'OPEN'),
          mark(dfid, OLD),
          hold(dfid, 'fund', n + 1),
          claim(`open ${dfid}`, OLD, { dfid }),
        ])
        await plant(storage, [...flow('flow', 1), ...others, LAST])
        const rest = (await contents(storage)).filter((one) => !isOf('flow', one))
        assert.equal(await prune(storage), { flows: 1, removed: removedOf(1), kept: {} }, 'what is told')
        assert.equal(await contents(storage), rest, 'what is left')
      },
    },
  ],
)
