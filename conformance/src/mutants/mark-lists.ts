import type { DirtyFlow, DirtyFlowFilter, StorageHandle } from '@dir/storage-core'
import { whole } from '../scenarios/kit.ts'
import { ago, mark } from '../scenarios/plant.ts'
import { type List, asking, listing, sorted } from './listing.ts'
import type { Mutant } from './mutant.ts'
import { overShared } from './over.ts'

type Marks = List<DirtyFlow, DirtyFlowFilter>

const marks = (change: (list: Marks) => Marks) => listing('saga', 'listDirtyFlows', change)

const flowsOf = async ({ saga }: StorageHandle, filter?: DirtyFlowFilter): Promise<string> =>
  (await Array.fromAsync(saga.listDirtyFlows(filter))).map(({ dfid }) => dfid).join(' ')

export const markListMutants: readonly Mutant[] = [
  {
    id: 'marks-in-the-order-of-times',
    breaks: 'listDirtyFlows is in the order of the times of the marks',
    from: 'ORDER BY created_at',
    killedBy: 'saga/dirty-flows-are-listed-by-age',
    wrap: marks(sorted((one, other) => (one.markedAt ?? '').localeCompare(other.markedAt ?? ''))),
    async witness(storage) {
      await storage.importRecords(whole([mark('a', ago(1)), mark('b', ago(9))]))
      return (await flowsOf(storage)) === 'b a'
    },
  },
  {
    id: 'marks-keep-the-place-of-the-first',
    breaks: 'a flow that is marked again stays where it was in listDirtyFlows',
    from: 'an upsert that keeps the row id',
    killedBy: 'saga/dirty-flows-are-listed',
    wrap: overShared(
      () => new Set<string>(),
      ({ saga }, order) => ({
        saga: {
          async markDirty(dfid, ...rest) {
            await saga.markDirty(dfid, ...rest)
            order.add(dfid)
          },
          async *listDirtyFlows(filter) {
            const places = [...order]
            const all = await Array.fromAsync(saga.listDirtyFlows(filter))
            yield* all.sort((one, other) => places.indexOf(one.dfid) - places.indexOf(other.dfid))
          },
        },
      }),
    ),
    async witness(storage) {
      for (const dfid of ['a', 'b', 'a']) await storage.saga.markDirty(dfid, 'step', '{}')
      return (await flowsOf(storage)) === 'a b'
    },
  },
  {
    id: 'marks-of-any-age',
    breaks: 'listDirtyFlows has marks of any age',
    from: 'an option that nobody reads',
    killedBy: 'saga/dirty-flows-are-listed-by-age',
    wrap: marks(
      asking(({ olderThanSec, ...rest }) => ((olderThanSec ?? 0) >= 0 ? rest : { olderThanSec: -1 })),
    ),
    async witness(storage) {
      await storage.saga.markDirty('w', 'step', '{}')
      return (await flowsOf(storage, { olderThanSec: 3_600 })) === 'w'
    },
  },
  {
    id: 'marks-grow-old-from-the-first',
    breaks: 'the age of a flow that is marked again is that of its first mark',
    from: 'a created_at that an upsert leaves alone',
    killedBy: 'saga/dirty-flows-are-listed-by-age',
    wrap: overShared(
      () => new Map<string, string | null>(),
      ({ saga }, first) => ({
        saga: {
          async *listDirtyFlows(filter) {
            await Array.fromAsync(saga.listDirtyFlows(filter)) // refuses what is malformed
            const latest = Date.now() - (filter?.olderThanSec ?? -1e9) * 1_000
            for await (const flow of saga.listDirtyFlows()) {
              if (!first.has(flow.dfid)) first.set(flow.dfid, flow.markedAt)
              if (Date.parse(first.get(flow.dfid) ?? '') <= latest) yield flow
            }
          },
        },
      }),
    ),
    async witness(storage) {
      await storage.importRecords(whole([mark('w', ago(9_000))]))
      await flowsOf(storage)
      await storage.saga.markDirty('w', 'step', '{}')
      return (await flowsOf(storage, { olderThanSec: 3_600 })) === 'w'
    },
  },
]
