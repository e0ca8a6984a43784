import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'

const REFUSED = 'STORAGE_INSUFFICIENT_CAPACITY'

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['resourceLock'] }, [
  {
    id: 'resource-lock/capacity-is-used-to-the-last-millionth',
    title: 'amounts fit exactly into a capacity that is their decimal sum, and not a millionth more',
    clause: '0.1 + 0.2 fits in 0.3 everywhere',
    asserts: 6,
    async run({ storage: { resourceLock }, id, assert }) {
      for (const [amounts, capacity] of [
        [[0.1, 0.2], 0.3],
        [range(10).map(() => 0.1), 1],
        [[0.7, 0.1, 0.2], 1],
      ] as const) {
        const resource = id('resource')
        const options = { capacities: { [resource]: capacity } }
        const acquire = (amount: number) =>
          resourceLock.acquireBatch(id('flow'), { [resource]: amount }, 0, options)
        const answers: boolean[] = []
        for (const amount of amounts) answers.push(await acquire(amount))
        assert.equal(
          answers,
          amounts.map(() => true),
          `${amounts.join(' + ')} into ${capacity}`,
        )
        await assert.rejects(() => acquire(0.000_001), REFUSED, 'a millionth more', {
          resourceId: resource,
          requested: 0.000_001,
          locked: capacity,
          capacity,
        })
      }
    },
  },
  {
    id: 'resource-lock/a-refused-acquire-writes-nothing',
    title: 'when one resource has no room none is acquired, and what the flow held before stays as it was',
    clause: 'acquireBatch: all or nothing; if a capacity is exceeded, nothing is written',
    asserts: 3,
    async run({ storage: { resourceLock }, id, assert }) {
      const [mine, other] = [id('mine'), id('other')]
      const [a, b, c] = [id('a'), id('b'), id('c')]
      await resourceLock.acquireBatch(other, { [b]: 60 }, 0)
      await resourceLock.acquireBatch(mine, { [a]: 1, [b]: 40 }, 0)
      const before = await resourceLock.getHolds({ dfid: mine })
      await assert.rejects(
        () =>
          resourceLock.acquireBatch(mine, { [a]: 2, [b]: 41, [c]: 3 }, 0, {
            capacities: { [a]: 100, [b]: 100, [c]: 100 },
          }),
        REFUSED,
        'no room on b',
        { resourceId: b, requested: 41, locked: 60, capacity: 100, retryable: false, outcome: 'not-applied' },
      )
      assert.equal(
        await resourceLock.getHolds({ dfid: mine }),
        before,
        'the holds with amount, fence and time',
      )
      assert.equal(await resourceLock.getLockedAmount(c, null), 0, 'the new resource')
    },
  },
  {
    id: 'resource-lock/the-first-resource-without-room-is-named',
    title: 'of several resources without room the error names the first in id order, which is by code point',
    clause:
      'InsufficientCapacityError for the first such resource in id order; ids sort by their UTF-8 bytes',
    asserts: 4,
    async run({ storage: { resourceLock }, id, assert }) {
      const prefix = id('resource')
      const [low, wide, face] = [`${prefix}z`, `${prefix}\uff21`, `${prefix}😀`]
      const capacities = { [face]: 1, [low]: 1, [wide]: 1 }
      for (const [first, resources] of [
        [wide, { [face]: 2, [wide]: 3 }],
        [wide, { [wide]: 3, [face]: 2, [low]: 1 }],
        [low, { [face]: 2, [wide]: 3, [low]: 4 }],
        [face, { [face]: 2, [wide]: 1 }],
      ] as const)
        await assert.rejects(
          () => resourceLock.acquireBatch(id('flow'), resources, 0, { capacities }),
          REFUSED,
          first,
          { resourceId: first, locked: 0, capacity: 1 },
        )
    },
  },
  {
    id: 'resource-lock/own-holds-do-not-count',
    title: 'what the flow itself holds of a resource does not stand in its way',
    clause: "check: the other flows' holds plus the new amount; locked is the others' sum",
    asserts: 5,
    async run({ storage: { resourceLock }, id, assert }) {
      const [mine, other, resource] = [id('mine'), id('other'), id('resource')]
      const acquire = (flow: string, amount: number) =>
        resourceLock.acquireBatch(flow, { [resource]: amount }, 0, { capacities: { [resource]: 100 } })
      await acquire(mine, 80)
      assert.equal(await acquire(mine, 100), true, 'more than what is left beside the own hold')
      assert.equal(await acquire(mine, 30), true, 'less')
      assert.equal(await acquire(other, 70), true, 'the rest, by another flow')
      await assert.rejects(() => acquire(mine, 30.000_001), REFUSED, 'more than the rest', {
        requested: 30.000_001,
        locked: 70,
      })
      assert.equal(await resourceLock.getLockedAmount(resource, null), 100, 'the total')
    },
  },
  {
    id: 'resource-lock/capacity-counts-holds-of-every-kind',
    title: 'holds that were written without a capacity count, and beyond a capacity not even nothing fits',
    clause:
      "if the other flows' holds plus the new amount exceed a capacity, nothing is written; 0 is a real hold",
    asserts: 5,
    async run({ storage: { resourceLock }, id, assert }) {
      const [flow, resource] = [id('flow'), id('resource')]
      await resourceLock.acquireBatch(id('other'), { [resource]: 150 }, 0)
      const acquire = (amount: number, capacity: number) =>
        resourceLock.acquireBatch(flow, { [resource]: amount }, 0, { capacities: { [resource]: capacity } })
      await assert.rejects(() => acquire(0, 100), REFUSED, 'nothing, beyond the capacity', {
        requested: 0,
        locked: 150,
      })
      assert.equal(await acquire(0, 150), true, 'nothing, at the capacity')
      await assert.rejects(() => acquire(0.000_001, 150), REFUSED, 'something, at the capacity')
      const held = await resourceLock.getHolds({ dfid: flow })
      assert.equal(
        held.map(({ amount }) => amount),
        [0],
        'a hold of 0',
      )
      const empty = id('empty')
      assert.equal(
        await resourceLock.acquireBatch(flow, { [empty]: 0 }, 0, { capacities: { [empty]: 0 } }),
        true,
        'nothing of nothing',
      )
    },
  },
  {
    id: 'resource-lock/every-resource-needs-its-capacity',
    title: 'a named resource without an own entry in capacities is refused, further entries are ignored',
    clause: 'capacities: every named resource needs an entry',
    asserts: 8,
    async run({ storage: { resourceLock }, id, assert }) {
      const [flow, a, b] = [id('flow'), id('a'), id('b')]
      const inherited = Object.create({ [a]: 100 }) as Record<string, number>
      for (const [resources, capacities] of [
        [{ [a]: 1, [b]: 1 }, { [a]: 100 }],
        [{ [a]: 1 }, {}],
        [{ [a]: 1 }, inherited],
        [{ toString: 1 }, {}],
        [JSON.parse('{"__proto__": 1}'), { [a]: 100 }],
      ] as [Record<string, number>, Record<string, number>][])
        await assert.rejects(
          () => resourceLock.acquireBatch(flow, resources, 0, { capacities }),
          'STORAGE_INVALID_ARGUMENT',
          'an entry is missing',
          { argument: 'capacities', outcome: 'not-applied' },
        )
      assert.equal(await resourceLock.getHolds({ dfid: flow }), [], 'nothing is held')
      assert.equal(
        await resourceLock.acquireBatch(flow, { [a]: 1 }, 0, { capacities: { [a]: 1, [b]: 0, x: 0 } }),
        true,
        'further entries',
      )
      assert.equal(
        await resourceLock.acquireBatch(flow, {}, 0, { capacities: {} }),
        true,
        'nothing of nothing',
      )
    },
  },
])
