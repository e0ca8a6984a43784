/* oxlint-disable unicorn/no-useless-spread -- rows keep the tables short */
import { PROTOCOLS } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { exported } from './filled.ts'
import { group, until } from './kit.ts'
import { hold, plant, timeAt } from './plant.ts'

const REFUSED = 'STORAGE_INSUFFICIENT_CAPACITY'
const FULL = { capacities: { r: 100 } }

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: PROTOCOLS, capabilities: ['leases', 'export'], needs: 'empty' },
  [
    {
      id: 'expired-holds/are-nowhere',
      title: 'holds whose lease is over are in no list, sum, check or export, the own flow’s included',
      clause: 'expired holds do not exist for any method',
      asserts: 14,
      async run({ storage, open, freshNamespace, assert }) {
        const ended = { expiresAt: timeAt(60), amount: 60 }
        const records = [
          hold('mine', 'r', 3, ended),
          hold('other', 'r', 4, { amount: 40 }),
          hold('gone', 'r', 5, { ...ended, amount: 7 }),
          hold('gone', 's', 5, ended),
          hold('mine', 's', 6),
        ]
        const namespaces = ['looked at', 'exported first', 'acquired first', 'renewed first'].map(() =>
          freshNamespace(),
        )
        const [looked, first, acquired, renewed] = await Promise.all(
          namespaces.map(async (namespace) => {
            const handle = await open({ namespace })
            await plant(handle, records)
            return handle
          }),
        )
        const pairs = async (filter: { dfid?: string; resourceId?: string }, handle = looked) =>
          (await handle?.resourceLock.getHolds(filter))?.map(
            ({ dfid, resourceId }) => `${dfid} ${resourceId}`,
          )
        const locks = looked?.resourceLock ?? storage.resourceLock
        assert.equal(await pairs({ dfid: 'mine', resourceId: 'r' }), [], 'by flow and resource')
        assert.equal(await pairs({ dfid: 'gone' }), [], 'by a flow that holds nothing any more')
        assert.equal(await pairs({ dfid: 'mine' }), ['mine s'], 'by flow')
        assert.equal(await pairs({ resourceId: 'r' }), ['other r'], 'by resource')
        assert.equal(await pairs({}), ['other r', 'mine s'], 'all')
        assert.equal(await locks.getLockedAmount('r', null), 40, 'the locked amount')
        assert.equal(await locks.getLockedAmount('r', 'mine'), 40, 'without the flow whose hold is over')
        assert.equal(await locks.getLockedAmount('r', 'other'), 0, 'without the other')
        const holds = (await exported(first ?? storage)).filter(({ type }) => type === 'hold')
        const fences = holds.map((one) => (one as { fence?: number }).fence)
        assert.equal(
          fences.toSorted((a = 0, b = 0) => a - b),
          [4, 6],
          'the export of a store that nobody looked at',
        )
        const acquire = (amount: number) =>
          acquired?.resourceLock.acquireBatch('mine', { r: amount }, 5, FULL)
        await assert.rejects(
          () => acquire(60.000_001) as Promise<boolean>,
          REFUSED,
          'more than is left beside the live hold',
          { locked: 40, capacity: 100 },
        )
        assert.equal(await acquire(60), true, 'all that is left')
        assert.equal(await renewed?.resourceLock.renew('mine', 600), false, 'renewing what is over')
        assert.equal(await pairs({}, renewed), ['other r', 'mine s'], 'nothing came back')
        await renewed?.resourceLock.release('gone')
        assert.equal(await renewed?.resourceLock.getLockedAmount('r', null), 40, 'after a release of nothing')
      },
    },
    {
      id: 'expired-holds/of-the-own-flow',
      title: 'a flow whose own lease has just run out is checked against what the others hold',
      clause: 'locked is the sum of the live holds of other flows',
      asserts: 4,
      async run({ storage: { resourceLock }, assert }) {
        await resourceLock.acquireBatch('other', { r: 40 }, 5)
        await resourceLock.acquireBatch('mine', { r: 60, s: 1 }, 5, { leaseSec: 0.05 })
        await until(
          () => resourceLock.getLockedAmount('s', null),
          (amount) => amount === 0,
        )
        await assert.rejects(
          () => resourceLock.acquireBatch('mine', { r: 61 }, 5, FULL),
          REFUSED,
          'a millionth more',
          { locked: 40, requested: 61 },
        )
        assert.equal(await resourceLock.getLockedAmount('r', 'mine'), 40, 'the locked amount')
        assert.equal(await resourceLock.acquireBatch('mine', { r: 60 }, 5, FULL), true, 'what is left')
        assert.equal(await resourceLock.getLockedAmount('r', null), 100, 'the total')
      },
    },
  ],
)
