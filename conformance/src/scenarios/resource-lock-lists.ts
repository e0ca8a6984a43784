import { type HoldFilter, PROTOCOLS, type ResourceLockStorage } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, range, until, whole } from './kit.ts'
import { growsOld } from './grows-old.ts'
import { ago, hold } from './plant.ts'

const DAY = 86_400

const shown = async (locks: ResourceLockStorage, filter?: HoldFilter): Promise<string[]> =>
  (await Array.fromAsync(locks.listHolds(filter))).map(({ dfid, resourceId }) => `${dfid} ${resourceId}`)

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['resourceLock'], needs: 'empty' },
  [
    {
      id: 'resource-lock/holds-are-listed',
      title:
        'listHolds gives the holds of the flow and the resource asked for, whole, in the order of getHolds',
      clause: 'listHolds({ dfid?, resourceId? }): in the order of fence, dfid and resourceId',
      asserts: 13,
      async run({ storage: { resourceLock }, assert }) {
        assert.equal(await shown(resourceLock), [], 'an empty store')
        await resourceLock.acquireBatch('z', { b: 1, a: 2, ab: 0 }, 5)
        await resourceLock.acquireBatch('a', { b: 0.000_001 }, 5, { capacities: { b: 10 } })
        await resourceLock.acquireBatch('zz', { a: 4, z: 4 }, 5)
        assert.equal(await shown(resourceLock), ['z a', 'z ab', 'z b', 'a b', 'zz a', 'zz z'], 'all')
        const cases: readonly (readonly [HoldFilter | undefined, number])[] = [
          [undefined, 6],
          [{}, 6],
          [{ dfid: 'z' }, 3],
          [{ dfid: 'Z' }, 0],
          [{ resourceId: 'b' }, 2],
          [{ resourceId: 'z' }, 1],
          [{ dfid: 'z', resourceId: 'a' }, 1],
          [{ dfid: 'a', resourceId: 'a' }, 0],
        ]
        for (const [filter, count] of cases) {
          const listed = await Array.fromAsync(resourceLock.listHolds(filter))
          const found = await resourceLock.getHolds(filter)
          assert.equal([listed, listed.length], [found, count], JSON.stringify(filter) ?? 'no filter')
        }
        await resourceLock.acquireBatch('z', { a: 7 }, 5)
        const order = ['z ab', 'z b', 'a b', 'zz a', 'zz z', 'z a']
        assert.equal(await shown(resourceLock), order, 'one is acquired again')
        await resourceLock.release('zz')
        assert.equal(await shown(resourceLock, { resourceId: 'a' }), ['z a'], 'a flow is released')
        await resourceLock.release('z', { fence: 1 })
        assert.equal(await shown(resourceLock), ['a b', 'z a'], 'a flow is released up to a fence')
      },
    },
    {
      id: 'resource-lock/expired-holds-are-not-listed',
      title: 'a hold whose lease is over is in no list, and one whose lease was renewed keeps its place',
      clause: 'listHolds: the live holds',
      capabilities: ['leases'],
      asserts: 5,
      async run({ storage: { resourceLock }, assert }) {
        await resourceLock.acquireBatch('short', { a: 1, b: 1 }, 5, { leaseSec: 0.06 })
        await resourceLock.acquireBatch('long', { a: 1 }, 5, { leaseSec: 600 })
        await resourceLock.acquireBatch('for good', { a: 1 }, 5)
        const left = await until(
          () => shown(resourceLock),
          (flows) => flows.length === 2,
        )
        assert.equal(left, ['long a', 'for good a'], 'all')
        assert.equal(await shown(resourceLock, { dfid: 'short' }), [], 'of the flow')
        assert.equal(await shown(resourceLock, { resourceId: 'b' }), [], 'of the resource')
        assert.equal(await shown(resourceLock, { olderThanSec: 0 }), left, 'of any age')
        await resourceLock.renew('long', 6_000)
        assert.equal(
          await Array.fromAsync(resourceLock.listHolds()),
          await resourceLock.getHolds(),
          'after a renewal',
        )
      },
    },
    {
      id: 'resource-lock/holds-grow-old',
      title: 'listHolds gives a hold once it is as old as is asked for, by the clock of the store',
      clause: 'listHolds({ olderThanSec? }): judged by the clock of the backend against acquiredAt',
      asserts: 4,
      async run({ storage: { resourceLock }, assert }) {
        const write = () => resourceLock.acquireBatch('one', { a: 1 }, 5)
        await growsOld({ assert }, 'one a', write, (olderThanSec) => shown(resourceLock, { olderThanSec }))
      },
    },
    {
      id: 'resource-lock/holds-are-listed-by-age',
      title:
        'listHolds tells the old holds from the young to the second, and holds of one fence by their ids',
      clause: 'listHolds({ olderThanSec? }): those whose acquiredAt lies so many seconds back or more',
      capabilities: ['export'],
      protocols: PROTOCOLS,
      asserts: 10,
      async run({ storage, assert }) {
        const acquiredAt = (days: number) => ({ acquiredAt: ago(days * DAY) })
        const records = [
          hold('young', 'a', 7, acquiredAt(1)),
          hold('b', 'old', 0, acquiredAt(30)),
          hold('a\u{10000}', 'older', 0, acquiredAt(300)),
          hold('a\uffff', 'z', 0, acquiredAt(300)),
          hold('a', 'z', 0, acquiredAt(3_000)),
          hold('a', 'b', 0, acquiredAt(-1)),
        ]
        await storage.importRecords(whole(records, { fence: 7 }))
        const [all, old] = [['a b', 'a z', 'a\uffff z', 'a\u{10000} older', 'b old', 'young a'], 20 * DAY]
        const cases: readonly (readonly [HoldFilter, readonly string[]])[] = [
          [{}, all],
          [{ olderThanSec: 0 }, all.slice(1)],
          [{ olderThanSec: old }, all.slice(1, 5)],
          [{ olderThanSec: 200.5 * DAY }, all.slice(1, 4)],
          [{ olderThanSec: 9_000 * DAY }, []],
          [{ olderThanSec: old, dfid: 'a' }, ['a z']],
          [{ olderThanSec: old, dfid: 'young' }, []],
          [{ olderThanSec: old, resourceId: 'z' }, ['a z', 'a\uffff z']],
          [{ olderThanSec: old, resourceId: 'a' }, []],
        ]
        for (const [filter, holds] of cases)
          assert.equal(await shown(storage.resourceLock, filter), holds, JSON.stringify(filter))
        await storage.resourceLock.acquireBatch('a', { z: 1 }, 5)
        assert.equal(await shown(storage.resourceLock, { olderThanSec: old }), all.slice(2, 5), 'one again')
      },
    },
    {
      id: 'resource-lock/the-list-goes-through-many-pages',
      title: 'listHolds gives every hold once and in order, however many there are and however few fit',
      clause: 'listHolds: page by page, up to what is there when it gets there',
      asserts: 5,
      async run({ storage: { resourceLock }, open, assert }) {
        const resources = range(600).map((n) => `r${String(n).padStart(3, '0')}`)
        const amounts = Object.fromEntries(resources.map((id) => [id, 1]))
        await resourceLock.acquireBatch('z', amounts, 15)
        await resourceLock.acquireBatch('a', { ...amounts, rare: 1 }, 15)
        const of = (flow: string) => resources.map((id) => `${flow} ${id}`)
        assert.equal(await shown(resourceLock), [...of('z'), ...of('a'), 'a rare'], 'all')
        assert.equal(await shown(resourceLock, { dfid: 'a' }), [...of('a'), 'a rare'], 'of a flow')
        assert.equal(await shown(resourceLock, { resourceId: 'rare' }), ['a rare'], 'of a resource')
        assert.equal(await shown(resourceLock, { olderThanSec: 1e9 }), [], 'none that old')
        const writer = (await open()).resourceLock
        const seen: string[] = []
        for await (const { dfid, resourceId } of resourceLock.listHolds()) {
          seen.push(`${dfid} ${resourceId}`)
          if (seen.length > 1) continue
          await writer.acquireBatch('z', { r000: 2 }, 5)
          await writer.acquireBatch('late', { r000: 2 }, 5)
          await writer.acquireBatch('a', { rare: 2 }, 5)
        }
        assert.equal(
          seen,
          [...of('z'), ...of('a'), 'z r000', 'late r000', 'a rare'],
          'two are acquired again, one is new',
        )
      },
    },
  ],
)
