import type { Scenario } from '../scenario.ts'
import { group, range } from './kit.ts'

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: ['resourceLock'] }, [
  {
    id: 'resource-lock/sums-the-other-flows',
    title: 'getLockedAmount sums what every flow but the excluded one holds, and null excludes nobody',
    clause: 'getLockedAmount(resourceId, excludeDfid) → sum over the other flows',
    asserts: 5,
    async run({ storage: { resourceLock }, id, assert }) {
      const [a, b, first, second, third] = [id('a'), id('b'), id('1'), id('2'), id('3')]
      await resourceLock.acquireBatch(first, { [a]: 1, [b]: 100 }, 0)
      await resourceLock.acquireBatch(second, { [a]: 20 }, 0)
      await resourceLock.acquireBatch(third, { [a]: 300 }, 0)
      assert.equal(await resourceLock.getLockedAmount(a, null), 321, 'all flows')
      assert.equal(await resourceLock.getLockedAmount(a, second), 301, 'without the second')
      assert.equal(await resourceLock.getLockedAmount(b, second), 100, 'another resource, without the second')
      assert.equal(await resourceLock.getLockedAmount(b, first), 0, 'another resource, without the first')
      assert.equal(
        await resourceLock.getLockedAmount(a, id('unseen')),
        321,
        'without a flow that holds nothing',
      )
    },
  },
  {
    id: 'resource-lock/amounts-are-exact-to-six-decimals',
    title: 'amounts are rounded to six decimals once, and their sums are exact',
    clause: 'amounts are kept as Math.round(a * 1e6) micro-units',
    asserts: 12,
    async run({ storage: { resourceLock }, id, assert }) {
      const cases: [number[], number][] = [
        [[0.1, 0.2], 0.3],
        [range(10).map(() => 0.1), 1],
        [[0.7, 0.1], 0.8],
        [[1.1, 2.2], 3.3],
        [[1e-6, 1e-6], 2e-6],
        [[4e-7], 0],
        [[6e-7], 1e-6],
        [[1.000_000_4, 1.000_000_6], 2.000_001],
        [[1_234_567.891_234], 1_234_567.891_234],
        [[3_999_999_999.999_999, 0.000_001], 4_000_000_000],
        [[-0], 0],
        [[], 0],
      ]
      for (const [amounts, sum] of cases) {
        const resource = id('resource')
        for (const amount of amounts) await resourceLock.acquireBatch(id('flow'), { [resource]: amount }, 0)
        assert.equal(await resourceLock.getLockedAmount(resource, null), sum, amounts.join(' + '))
      }
    },
  },
  {
    id: 'resource-lock/without-capacities-only-the-largest-total-counts',
    title:
      'without capacities an acquire is granted up to the largest total that can be kept, and not beyond',
    clause: 'without capacities it writes unconditionally, up to a total of 9 007 199 254 a resource',
    asserts: 5,
    async run({ storage: { resourceLock }, id, assert }) {
      const [resource, first, second] = [id('resource'), id('first'), id('second')]
      const most = 9_007_199_254
      assert.equal(
        await resourceLock.acquireBatch(first, { [resource]: most }, 0),
        true,
        'the largest amount',
      )
      assert.equal(
        await resourceLock.acquireBatch(first, { [resource]: most - 1 }, 0),
        true,
        'replaced by less',
      )
      await assert.rejects(
        () => resourceLock.acquireBatch(second, { [id('a')]: 1, [resource]: 1.000_001 }, 0),
        'STORAGE_INSUFFICIENT_CAPACITY',
        'a total beyond it',
        { resourceId: resource, requested: 1.000_001, locked: most - 1, capacity: most },
      )
      assert.equal(await resourceLock.acquireBatch(second, { [resource]: 1 }, 0), true, 'exactly that total')
      assert.equal(await resourceLock.getLockedAmount(resource, null), most, 'the total')
    },
  },
])
