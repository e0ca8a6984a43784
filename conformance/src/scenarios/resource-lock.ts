import type { ResourceLockStorage } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { CONFUSABLE_PAIRS } from './hostile-ids.ts'
import { group, range } from './kit.ts'

/** What all flows hold of each resource; asked in portions, as every call has its deadline from the moment it is made. */
async function totals(locks: ResourceLockStorage, resources: readonly string[]): Promise<number[]> {
  const amounts: number[] = []
  for (let first = 0; first < resources.length; first += 100) {
    const some = resources.slice(first, first + 100)
    amounts.push(...(await Promise.all(some.map((resource) => locks.getLockedAmount(resource, null)))))
  }
  return amounts
}

export const scenarios: readonly Scenario[] = group({ level: 'seed', protocols: ['resourceLock'] }, [
  {
    id: 'resource-lock/replaces-a-held-amount',
    title: 'an acquire replaces the amounts of the resources it names, and the flow keeps its other holds',
    clause: 'acquireBatch: amounts already held for the named resources are replaced; other holds stay',
    asserts: 4,
    async run({ storage: { resourceLock }, id, assert }) {
      const flow = id('flow')
      const [a, b, c] = [id('a'), id('b'), id('c')]
      assert.equal(await resourceLock.acquireBatch(flow, { [a]: 10, [b]: 20 }, 1), true, 'the first')
      assert.equal(await resourceLock.acquireBatch(flow, { [b]: 5, [c]: 1 }, 1), true, 'the second')
      assert.equal(await totals(resourceLock, [a, b, c]), [10, 5, 1], 'a stays, b is replaced, c is new')
      await resourceLock.acquireBatch(flow, { [a]: 0 }, 1)
      assert.equal(await totals(resourceLock, [a, b, c]), [0, 5, 1], 'a is replaced by nothing')
    },
  },
  {
    id: 'resource-lock/release-ends-all-holds-of-one-flow',
    title: 'release ends everything that flow holds and nothing else, and ignores a flow that holds nothing',
    clause: 'release(dfid): everything; unknown flows are ignored',
    asserts: 3,
    async run({ storage: { resourceLock }, id, assert }) {
      const [flow, other] = [id('flow'), id('other')]
      const resources = [id('a'), id('b'), id('c')]
      const [a, b, c] = resources as [string, string, string]
      await resourceLock.release(flow)
      await resourceLock.acquireBatch(flow, { [a]: 1, [b]: 2 }, 0)
      await resourceLock.acquireBatch(flow, { [c]: 3 }, 0)
      await resourceLock.acquireBatch(other, { [a]: 10, [b]: 20, [c]: 30 }, 0)
      await resourceLock.acquireBatch(`${flow}0`, { [a]: 100 }, 0)
      await resourceLock.release(flow)
      assert.equal(await totals(resourceLock, resources), [110, 20, 30], 'what the others hold')
      await resourceLock.release(flow)
      await Promise.all([resourceLock.acquireBatch(flow, { [a]: 5, [b]: 5 }, 0), resourceLock.release(flow)])
      assert.equal(await totals(resourceLock, resources), [110, 20, 30], 'acquired and released at once')
      await Promise.all([resourceLock.release(flow), resourceLock.acquireBatch(flow, { [c]: 4 }, 0)])
      assert.equal(await totals(resourceLock, resources), [110, 20, 34], 'released and acquired at once')
    },
  },
  {
    id: 'resource-lock/nothing-to-acquire-is-granted',
    title: 'an acquire of no resources succeeds and changes nothing, whatever the flow holds',
    clause: 'resources of one batch: {} allowed (succeeds, changes nothing)',
    asserts: 3,
    async run({ storage: { resourceLock }, id, assert }) {
      const [flow, resource] = [id('flow'), id('resource')]
      assert.equal(await resourceLock.acquireBatch(flow, {}, 0), true, 'a flow that holds nothing')
      await resourceLock.acquireBatch(flow, { [resource]: 1 }, 0)
      assert.equal(await resourceLock.acquireBatch(flow, {}, 5), true, 'a flow that holds something')
      assert.equal(await totals(resourceLock, [resource]), [1], 'what it holds')
    },
  },
  {
    id: 'resource-lock/no-wait-is-one-attempt',
    title: 'a timeout of 0 seconds is enough where nobody stands in the way, and so is the longest',
    clause: 'timeoutSec: 0 is one attempt that does not wait',
    asserts: 2,
    async run({ storage: { resourceLock }, id, assert }) {
      const resource = id('resource')
      const timeouts = [0, -0, 1e-9, 0.001, 3_000_000, 1e9]
      const answers: boolean[] = []
      for (const timeoutSec of timeouts)
        answers.push(await resourceLock.acquireBatch(id('flow'), { [resource]: 1 }, timeoutSec))
      assert.equal(
        answers,
        timeouts.map(() => true),
        'the answers',
      )
      const own = await Promise.all(
        range(20).map(() => resourceLock.acquireBatch(id('flow'), { [resource]: 1 }, 0)),
      )
      assert.equal(
        own,
        range(20).map(() => true),
        'queueing inside the own process does not count',
      )
    },
  },
  {
    id: 'resource-lock/takes-a-thousand-resources',
    title: 'one acquire may name a thousand resources',
    clause: 'resources of one batch: at most 1 000',
    asserts: 3,
    async run({ storage: { resourceLock }, id, assert }) {
      const [flow, prefix] = [id('flow'), id('resource')]
      const names = range(1_000).map((n) => `${prefix} ${n}`)
      const resources = Object.fromEntries(names.map((name, n) => [name, n]))
      assert.equal(await resourceLock.acquireBatch(flow, resources, 0), true, 'a thousand')
      assert.equal(await totals(resourceLock, names), range(1_000), 'what is held')
      await resourceLock.release(flow)
      assert.equal(
        await totals(resourceLock, names),
        range(1_000).map(() => 0),
        'after release',
      )
    },
  },
  {
    id: 'resource-lock/flow-and-resource-are-never-joined',
    title: 'two holds are apart even where flow and resource give the same text when they are joined',
    clause: 'ids such as a:b are ordinary ids, also as resource names',
    needs: 'empty',
    asserts: 2,
    async run({ storage: { resourceLock }, assert }) {
      for (const [n, [flow, resource]] of CONFUSABLE_PAIRS.entries())
        await resourceLock.acquireBatch(flow, { [resource]: 2 ** (n % 2) }, 0)
      // Flow `a` holds 1 of each `b…c`; each `a…b` holds 2 of `c`.
      const joined = CONFUSABLE_PAIRS.filter((_, n) => n % 2 === 0).map(([, resource]) => resource)
      assert.equal(
        await totals(resourceLock, joined),
        joined.map(() => 1),
        'each resource of the flow a',
      )
      await resourceLock.release('a')
      assert.equal(
        await totals(resourceLock, [...joined, 'c']),
        [...joined.map(() => 0), joined.length * 2],
        'released',
      )
    },
  },
])
