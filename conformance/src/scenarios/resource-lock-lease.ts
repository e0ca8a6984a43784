import { microsOf } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { TIME, group, range, until } from './kit.ts'

const SHORT = { leaseSec: 0.06 }
const LONG = { leaseSec: 600 }

const empty = (list: readonly unknown[]): boolean => list.length === 0

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['resourceLock'], capabilities: ['leases'] },
  [
    {
      id: 'resource-lock/a-lease-ends-where-it-says',
      title: 'a leased hold tells when it ends, the length of the lease after it was acquired',
      clause: 'acquire → { fence, expiresAt | null }; leaseSec',
      asserts: 4,
      async run({ storage: { resourceLock }, id, assert }) {
        const flow = id('flow')
        const grant = await resourceLock.acquire(flow, { [id('a')]: 1, [id('b')]: 2 }, 0, { leaseSec: 90.5 })
        const expiresAt = grant?.expiresAt ?? ''
        assert.ok(TIME.test(expiresAt), 'the end of the lease')
        const holds = await resourceLock.getHolds({ dfid: flow })
        assert.equal(
          holds.map((hold) => hold.expiresAt),
          [expiresAt, expiresAt],
          'the same in getHolds',
        )
        const length = microsOf(expiresAt) - microsOf(holds[0]?.acquiredAt ?? '')
        assert.ok(Math.abs(length - 90_500_000) < 100_000, 'the length of the lease')
        assert.equal(
          await resourceLock.acquireBatch(flow, { [id('c')]: 1 }, 0, LONG),
          true,
          'acquireBatch takes one, too',
        )
      },
    },
    {
      id: 'resource-lock/holds-end-together',
      title: 'hundreds of holds of one acquire are all there or all over, at any moment',
      clause: 'getHolds: the expired left out, as of one moment',
      asserts: 6,
      async run({ storage: { resourceLock }, id, assert }) {
        const wanted = Object.fromEntries(range(400).map((n) => [id(`fund ${n}`), 1]))
        for (const round of range(6)) {
          const dfid = id(`flow ${round}`)
          await resourceLock.acquire(dfid, wanted, 5, { leaseSec: 0.2 })
          const counts = new Set<number>()
          await until(
            async () => (await resourceLock.getHolds({ dfid })).length,
            (held) => counts.add(held) && held === 0,
          )
          assert.equal(
            [...counts].filter((held) => held !== 400),
            [0],
            'how many were seen, but for all',
          )
        }
      },
    },
    {
      id: 'resource-lock/an-expired-hold-does-not-exist',
      title: 'once its lease is over a hold is gone for every method',
      clause: "a hold whose expiresAt is not after the backend's now does not exist for any method",
      asserts: 8,
      async run({ storage: { resourceLock }, open, id, assert }) {
        const [flow, other, resource] = [id('flow'), id('other'), id('resource')]
        await resourceLock.acquireBatch(flow, { [resource]: 60 }, 0, SHORT)
        await resourceLock.acquireBatch(other, { [resource]: 40 }, 0)
        await until(() => resourceLock.getHolds({ dfid: flow }), empty)
        const second = (await open()).resourceLock
        assert.equal(await second.getLockedAmount(resource, null), 40, 'the locked amount')
        assert.equal(await second.getLockedAmount(resource, other), 0, 'the locked amount without the other')
        assert.equal(
          (await second.getHolds({ resourceId: resource })).map(({ dfid }) => dfid),
          [other],
          'getHolds',
        )
        assert.equal(await second.renew(flow, 600), false, 'renew')
        const capacities = { [resource]: 100 }
        assert.equal(
          await second.acquireBatch(id('third'), { [resource]: 60 }, 0, { capacities }),
          true,
          'its room',
        )
        await second.acquireBatch(flow, { [id('elsewhere')]: 1 }, 0)
        assert.equal(await second.getLockedAmount(resource, null), 100, 'the flow holds something else now')
        await assert.rejects(
          () => second.acquireBatch(flow, { [resource]: 1 }, 0, { capacities }),
          'STORAGE_INSUFFICIENT_CAPACITY',
          'the room is taken',
          { locked: 100 },
        )
        await second.release(flow)
        assert.equal(await second.getLockedAmount(resource, null), 100, 'after a release')
      },
    },
    {
      id: 'resource-lock/renew-spares-newer-holds',
      title: 'renew with a fence touches the leases up to that fence, and not those acquired later',
      clause: 'renew with a fence touches only holds whose fence is not newer',
      asserts: 4,
      async run({ storage: { resourceLock }, id, assert }) {
        const flow = id('flow')
        const first = (await resourceLock.acquire(flow, { [id('a')]: 1 }, 0, LONG))?.fence ?? 0
        await resourceLock.acquire(flow, { [id('b')]: 1 }, 0, LONG)
        const before = await resourceLock.getHolds({ dfid: flow })
        assert.equal(
          await resourceLock.renew(flow, 6_000, { fence: first - 1 }),
          false,
          'a fence older than both',
        )
        assert.equal(await resourceLock.renew(flow, 6_000, { fence: first }), true, 'the fence of the first')
        const [renewed, newer] = await resourceLock.getHolds({ dfid: flow })
        assert.ok((renewed?.expiresAt ?? '') > (before[0]?.expiresAt ?? ''), 'the first ends later')
        assert.equal(newer, before[1], 'the newer one')
      },
    },
    {
      id: 'resource-lock/an-acquire-replaces-the-lease',
      title:
        'acquiring a resource again replaces its lease, and without leaseSec it does not expire any more',
      clause: 'amounts already held are replaced with amount, lease, fence and time; no leaseSec, no expiry',
      asserts: 3,
      async run({ storage: { resourceLock }, id, assert }) {
        const [flow, a, b, c] = [id('flow'), id('a'), id('b'), id('c')]
        await resourceLock.acquireBatch(flow, { [a]: 1, [b]: 1, [c]: 1 }, 0, SHORT)
        await resourceLock.acquireBatch(flow, { [a]: 1 }, 0)
        const grant = await resourceLock.acquire(flow, { [b]: 1 }, 0, LONG)
        await until(() => resourceLock.getHolds({ resourceId: c }), empty)
        const seen = await resourceLock.getHolds({ dfid: flow })
        assert.equal(
          seen.map(({ resourceId }) => resourceId),
          [a, b],
          'what is left when the first lease is over',
        )
        assert.equal(
          seen.map(({ expiresAt }) => expiresAt),
          [null, grant?.expiresAt],
          'their ends',
        )
        assert.equal(await resourceLock.renew(flow, 700), true, 'the second lease is live')
      },
    },
  ],
)
