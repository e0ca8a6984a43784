import type { Hold, StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { group, openHandles, race, range } from './kit.ts'
import { ROUNDS, places, rounds } from './rounds.ts'

const granted = (call: Promise<unknown>): Promise<boolean> =>
  call.then(
    (answer) => answer === true,
    (error: { code?: string }) => {
      if (error.code === 'STORAGE_INSUFFICIENT_CAPACITY') return false
      throw error
    },
  )

/** What is held of a resource, in millionths. */
const sum = (holds: readonly Hold[], resource: string): number =>
  holds.reduce(
    (total, { resourceId, amount }) =>
      total + (resourceId === resource ? Math.round((amount ?? 0) * 1e6) : 0),
    0,
  )

export const scenarios: readonly Scenario[] = group({ level: 'atomic', protocols: ['resourceLock'] }, [
  {
    id: 'races/the-last-room-goes-to-one',
    title: 'of sixteen flows that want all of a resource one gets it',
    clause: 'check and write are one atomic step: no interleaving may ever overbook',
    asserts: 2 * ROUNDS,
    run: (context) =>
      rounds(
        context,
        ({ resourceLock }, racer, resource) =>
          granted(
            resourceLock.acquireBatch(`${resource} ${racer}`, { [resource]: 100 }, 5, {
              capacities: { [resource]: 100 },
            }),
          ),
        async (answers, { resourceLock }, resource) => {
          const winners = places(answers, (won) => won)
          context.assert.equal(winners.length, 1, 'how many got it')
          const holds = await resourceLock.getHolds({ resourceId: resource })
          const expected = winners.map((racer) => [`${resource} ${racer}`, 100])
          context.assert.equal(
            holds.map(({ dfid, amount }) => [dfid, amount]),
            expected,
            'who holds it',
          )
        },
      ),
  },
  {
    id: 'races/decimal-amounts-fill-a-capacity-exactly',
    title: 'of sixteen flows that want a tenth each, ten fill the capacity of one and six are refused',
    clause: 'amounts are exact; no interleaving may ever overbook',
    asserts: 2 * ROUNDS,
    run: (context) =>
      rounds(
        context,
        ({ resourceLock }, racer, resource) =>
          granted(
            resourceLock.acquireBatch(`${resource} ${racer}`, { [resource]: 0.1 }, 5, {
              capacities: { [resource]: 1 },
            }),
          ),
        async (answers, { resourceLock }, resource) => {
          context.assert.equal(places(answers, (won) => won).length, 10, 'how many got a tenth')
          context.assert.equal(await resourceLock.getLockedAmount(resource, null), 1, 'the locked amount')
        },
      ),
  },
  {
    id: 'races/several-resources-are-never-overbooked',
    title:
      'flows that acquire several resources in any order, and release, never overbook one, at any moment',
    clause: 'all or nothing; no interleaving of callers may ever overbook; holds equal what was granted',
    asserts: 12,
    async run(context) {
      const { id, storage, assert } = context
      const handles = await openHandles(context, 4)
      const resources = [id('a'), id('b'), id('c')] as const
      const [a, b, c] = resources
      const capacities = { [a]: 10, [b]: 7.5, [c]: 4 }
      const demands = [
        { [a]: 3.3, [b]: 2.5 },
        { [c]: 1.5, [b]: 1.25, [a]: 0.5 },
        { [b]: 4, [c]: 2 },
        { [a]: 5, [c]: 0 },
      ] as const
      let running = true
      let worst: string[] = []
      const observe = async (): Promise<void> => {
        while (running) {
          await new Promise(setImmediate) // a store that answers at once would keep the racers from running
          const holds = await storage.resourceLock.getHolds()
          const over = resources.filter(
            (resource) => sum(holds, resource) > Math.round((capacities[resource] ?? 0) * 1e6),
          )
          if (over.length > 0) worst = [...over]
        }
      }
      const observing = observe()
      const attempts = { granted: 0, refused: 0 }
      const held = new Map<string, Record<string, number>>()
      const act = async ({ resourceLock }: StorageHandle, racer: number): Promise<void> => {
        const flow = id(`flow ${racer}`)
        for (const step of range(6)) {
          const demand: Record<string, number> = demands[(racer + step) % demands.length] ?? {}
          if (await granted(resourceLock.acquireBatch(flow, demand, 5, { capacities }))) {
            attempts.granted++
            held.set(flow, { ...held.get(flow), ...demand })
          } else attempts.refused++
          if ((racer + step) % 3 === 2) {
            await resourceLock.release(flow)
            held.delete(flow)
          }
        }
      }
      await race(handles, act).finally(() => (running = false))
      await observing
      assert.equal(worst, [], 'what an observer saw overbooked')
      assert.equal(attempts.granted + attempts.refused, 96, 'how many attempts were answered')
      assert.ok(attempts.granted > 5 && attempts.refused > 5, 'some are granted and some refused')
      for (const resource of resources) {
        const holds = await storage.resourceLock.getHolds({ resourceId: resource })
        const expected = [...held].flatMap(([flow, amounts]) =>
          Object.hasOwn(amounts, resource) ? [[flow, amounts[resource]]] : [],
        )
        const byFlow = (pairs: readonly (readonly unknown[])[]) =>
          new Map(pairs.map(([flow, amount]) => [String(flow), amount]))
        const seen = byFlow(holds.map(({ dfid, amount }) => [dfid, amount]))
        assert.equal(Object.fromEntries(seen), Object.fromEntries(byFlow(expected)), 'who holds what')
        assert.ok(
          sum(holds, resource) <= Math.round((capacities[resource] ?? 0) * 1e6),
          'no more than its capacity',
        )
        assert.equal(
          Math.round((await storage.resourceLock.getLockedAmount(resource, null)) * 1e6),
          sum(holds, resource),
          'its locked amount',
        )
      }
    },
  },
])
