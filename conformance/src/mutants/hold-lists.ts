import { setTimeout as sleep } from 'node:timers/promises'
import type { Hold, HoldFilter, StorageHandle } from '@dir/storage-core'
import { compareIds } from '@dir/storage-core/adapter'
import { whole } from '../scenarios/kit.ts'
import { ago, hold } from '../scenarios/plant.ts'
import { type List, asking, listing, sorted } from './listing.ts'
import type { Mutant } from './mutant.ts'
import { overShared } from './over.ts'

type Holds = List<Hold, HoldFilter>

const holds = (change: (list: Holds) => Holds) => listing('resourceLock', 'listHolds', change)

const flowsOf = async ({ resourceLock }: StorageHandle, filter?: HoldFilter): Promise<string> =>
  (await Array.fromAsync(resourceLock.listHolds(filter))).map(({ dfid }) => dfid).join(' ')

const byIds = (one: Hold, other: Hold): number =>
  compareIds(one.dfid, other.dfid) || compareIds(one.resourceId, other.resourceId)

export const holdListMutants: readonly Mutant[] = [
  {
    id: 'holds-in-the-order-of-ids',
    breaks: 'listHolds is in the order of flows and resources',
    from: 'the primary key',
    killedBy: 'resource-lock/holds-are-listed',
    wrap: holds(sorted(byIds)),
    async witness(storage) {
      for (const dfid of ['b', 'a']) await storage.resourceLock.acquireBatch(dfid, { w: 1 }, 5)
      return (await flowsOf(storage)) === 'a b'
    },
  },
  {
    id: 'holds-in-the-order-of-times',
    breaks: 'listHolds is in the order in which the holds were acquired, by the clock',
    from: 'ORDER BY acquired_at',
    killedBy: 'resource-lock/holds-are-listed-by-age',
    wrap: holds(sorted((one, other) => (one.acquiredAt ?? '').localeCompare(other.acquiredAt ?? ''))),
    async witness(storage) {
      const records = [hold('a', 'w', 1, { acquiredAt: ago(1) }), hold('b', 'w', 2, { acquiredAt: ago(9) })]
      await storage.importRecords(whole(records, { fence: 2 }))
      return (await flowsOf(storage)) === 'b a'
    },
  },
  {
    id: 'holds-of-every-resource',
    breaks: 'with a flow, listHolds has its holds of every resource',
    from: 'an index on the flow, after which the other condition is forgotten',
    killedBy: 'resource-lock/holds-are-listed',
    wrap: holds(
      asking(({ resourceId, ...rest }) =>
        rest.dfid === undefined && resourceId !== undefined ? { ...rest, resourceId } : rest,
      ),
    ),
    async witness(storage) {
      await storage.resourceLock.acquireBatch('w', { a: 1 }, 5)
      return (await flowsOf(storage, { dfid: 'w', resourceId: 'b' })) === 'w'
    },
  },
  {
    id: 'holds-of-any-age',
    breaks: 'with a flow, listHolds has its holds of any age',
    from: 'an index on the flow, after which the other condition is forgotten',
    killedBy: 'resource-lock/holds-are-listed-by-age',
    wrap: holds(
      asking(({ olderThanSec, ...rest }) =>
        rest.dfid === undefined && olderThanSec !== undefined ? { ...rest, olderThanSec } : rest,
      ),
    ),
    async witness(storage) {
      await storage.resourceLock.acquireBatch('w', { a: 1 }, 5)
      return (await flowsOf(storage, { dfid: 'w', olderThanSec: 3_600 })) === 'w'
    },
  },
  {
    id: 'holds-listed-after-their-end',
    breaks: 'listHolds has holds whose lease is over, as long as nobody has met them',
    from: 'a list without the condition that every other statement has',
    killedBy: 'resource-lock/expired-holds-are-not-listed',
    wrap: overShared(
      () => new Map<string, Hold>(),
      ({ resourceLock }, leased) => ({
        resourceLock: {
          async acquireBatch(dfid, resources, timeoutSec, options) {
            const isGranted = await resourceLock.acquireBatch(dfid, resources, timeoutSec, options)
            for (const one of await resourceLock.getHolds({ dfid }))
              if (options?.leaseSec !== undefined) leased.set(`${dfid} ${one.resourceId}`, one)
            return isGranted
          },
          async *listHolds(filter) {
            yield* resourceLock.listHolds(filter)
            const now = Date.now()
            for (const one of leased.values()) if (Date.parse(one.expiresAt ?? '') <= now) yield one
          },
        },
      }),
    ),
    async witness(storage) {
      await storage.resourceLock.acquireBatch('w', { a: 1 }, 5, { leaseSec: 0.05 })
      await sleep(60)
      return (await flowsOf(storage)) === 'w'
    },
  },
]
