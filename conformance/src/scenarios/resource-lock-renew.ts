import { microsOf } from '@dir/storage-core/adapter'
import type { Scenario } from '../scenario.ts'
import { TIME, group, until } from './kit.ts'
import { storeTime, whileLeased } from './leases.ts'

const LONG = { leaseSec: 600 }

const empty = (list: readonly unknown[]): boolean => list.length === 0

// Whether a lease still ran when a call was carried out is judged by the times that the store itself gives.

export const scenarios: readonly Scenario[] = group(
  { level: 'atomic', protocols: ['resourceLock'], capabilities: ['leases'] },
  [
    {
      id: 'resource-lock/a-lease-is-judged-when-it-matters',
      title: 'an acquire finds the room of a hold whose lease is over, though nobody looked in between',
      clause: 'leases are judged inside the atomic step, and expired holds removed when met',
      asserts: 3,
      run: ({ storage: { resourceLock }, id, assert }) =>
        whileLeased(async (leaseSec) => {
          const resource = id('resource')
          const capacities = { [resource]: 100 }
          const first = await resourceLock.acquire(id('flow'), { [resource]: 100 }, 5, {
            capacities,
            leaseSec,
          })
          assert.ok(first !== null, 'the first')
          const acquire = (dfid: string) =>
            resourceLock.acquireBatch(dfid, { [resource]: 100 }, 5, { capacities, ...LONG })
          const second = id('second')
          const early = await acquire(second).catch((error: { code?: string }) => error.code)
          if (early === true) {
            const [hold] = await resourceLock.getHolds({ dfid: second })
            assert.ok((hold?.acquiredAt ?? '') >= (first?.expiresAt ?? ''), 'no room while the lease lasts')
            return false
          }
          assert.equal(early, 'STORAGE_INSUFFICIENT_CAPACITY', 'while the lease lasts')
          const late = await until(
            () => acquire(id('third')).catch((error: unknown) => error),
            (answer) => answer === true,
            leaseSec * 1_000 + 15_000,
          )
          assert.equal(late, true, 'once it is over')
          return true
        }),
    },
    {
      id: 'resource-lock/renew-moves-the-end',
      title: 'renew sets the end of live leases from now on, later or earlier, and changes nothing else',
      clause: 'renew(dfid, leaseSec) → true if at least one live leased hold was set to now + leaseSec',
      asserts: 6,
      run: ({ storage, id, assert }) =>
        whileLeased(async (leaseSec) => {
          const { resourceLock } = storage
          const [flow, other, resource] = [id('flow'), id('other'), id('resource')]
          await resourceLock.acquireBatch(other, { [resource]: 1 }, 5, { leaseSec })
          await resourceLock.acquireBatch(flow, { [resource]: 1 }, 5, { leaseSec })
          const [before] = await resourceLock.getHolds({ dfid: flow })
          const from = await storeTime(storage, id('from'))
          const answer = await resourceLock.renew(flow, 600)
          const to = await storeTime(storage, id('to'))
          if (!answer && to >= (before?.expiresAt ?? '')) return false
          assert.equal(answer, true, 'renewed')
          const [renewed] = await resourceLock.getHolds({ dfid: flow })
          if (before !== undefined)
            assert.equal(
              { ...renewed, expiresAt: '' },
              { ...before, expiresAt: '' },
              'amount, fence and time',
            )
          const now = microsOf(renewed?.expiresAt ?? '') - 600_000_000
          assert.ok(now >= microsOf(from) - 1_000_000, 'the end is ten minutes after the call, not earlier')
          assert.ok(now <= microsOf(to) + 1_000_000, 'and not later')
          const patience = leaseSec * 1_000 + 15_000
          await until(() => resourceLock.getHolds({ dfid: other }), empty, patience)
          assert.equal(
            await resourceLock.getLockedAmount(resource, null),
            1,
            'after the end of the first lease',
          )
          await resourceLock.renew(flow, 0.03)
          const left = await until(() => resourceLock.getHolds({ dfid: flow }), empty)
          assert.equal(left, [], 'after a shorter one')
          return before !== undefined
        }),
    },
    {
      id: 'resource-lock/renew-needs-a-live-lease',
      title: 'renew is false for a flow without a live lease, and leaves holds without lease as they are',
      clause: 'renew: holds without lease stay as they are; of that flow only',
      asserts: 7,
      run: ({ storage, id, assert }) =>
        whileLeased(async (leaseSec) => {
          const { resourceLock } = storage
          const [flow, other, a, b] = [id('flow'), id('other'), id('a'), id('b')]
          await resourceLock.acquireBatch(other, { [a]: 1 }, 5, LONG)
          const ofOther = await resourceLock.getHolds({ dfid: other })
          assert.equal(await resourceLock.renew(flow, 600), false, 'a flow that holds nothing')
          await resourceLock.acquireBatch(flow, { [a]: 1 }, 5)
          assert.equal(await resourceLock.renew(flow, 600), false, 'a flow without a lease')
          const [unleased] = await resourceLock.getHolds({ dfid: flow })
          assert.equal(unleased?.expiresAt, null, 'it still does not expire')
          const leased = await resourceLock.acquire(flow, { [b]: 1 }, 5, { leaseSec })
          const answer = await resourceLock.renew(flow, 600)
          if (!answer && (await storeTime(storage, id('now'))) >= (leased?.expiresAt ?? '')) return false
          assert.equal(answer, true, 'a flow with and without')
          const holds = await resourceLock.getHolds({ dfid: flow })
          assert.equal(holds[0], unleased, 'the hold without lease')
          assert.ok(TIME.test(holds[1]?.expiresAt ?? ''), 'the hold with lease')
          assert.equal(await resourceLock.getHolds({ dfid: other }), ofOther, 'the other flow')
          return true
        }),
    },
    {
      id: 'resource-lock/an-acquire-replaces-the-time',
      title:
        'acquiring a resource again gives its hold a new time, from which its lease counts, and no other',
      clause: 'an amount the flow already holds is replaced, with its lease, fence and time',
      asserts: 5,
      async run({ storage, id, assert }) {
        const { resourceLock } = storage
        const [flow, a, b] = [id('flow'), id('a'), id('b')]
        const first = await resourceLock.acquire(flow, { [a]: 1, [b]: 1 }, 5, LONG)
        const times = async () =>
          new Map(
            (await resourceLock.getHolds({ dfid: flow })).map((hold) => [hold.resourceId, hold.acquiredAt]),
          )
        const before = await times()
        assert.equal(before.get(a), before.get(b), 'one acquire has one time')
        const clock = id('clock')
        await until(
          () => storeTime(storage, clock),
          (now) => now > (before.get(a) ?? ''),
        )
        const second = await resourceLock.acquire(flow, { [a]: 1 }, 5, LONG)
        const after = await times()
        assert.ok((after.get(a) ?? '') > (before.get(a) ?? ''), 'the hold that was replaced')
        assert.equal(after.get(b), before.get(b), 'the other one')
        assert.ok((second?.expiresAt ?? '') > (first?.expiresAt ?? ''), 'the end of its lease')
        const lease = microsOf(second?.expiresAt ?? '') - microsOf(after.get(a) ?? '')
        assert.ok(Math.abs(lease - 600_000_000) < 100_000, 'the length of its lease')
      },
    },
  ],
)
