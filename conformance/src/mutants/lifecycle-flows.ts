import type { FlowFilter, FlowStatus, LifecycleStorage, StorageHandle, Transition } from '@dir/storage-core'
import { ago, move, plant } from '../scenarios/plant.ts'
import { type List, isFilter } from './listing.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

type Flows = List<FlowStatus, FlowFilter>

/** Changes the list of flows, as far as its filter is none that is refused. */
export const flowing = (
  change: (list: Flows, lifecycle: LifecycleStorage) => (filter: FlowFilter) => AsyncIterable<FlowStatus>,
): Mutant['wrap'] =>
  over(({ lifecycle }) => {
    const list: Flows = (filter) => lifecycle.listFlows(filter)
    const changed = change(list, lifecycle)
    return { lifecycle: { listFlows: (filter = {}) => (isFilter(filter) ? changed(filter) : list(filter)) } }
  })

/** A list that is made of all transitions in some wrong way. */
const madeOf = (make: (all: readonly Transition[]) => readonly Transition[]): Mutant['wrap'] =>
  flowing(
    (list, lifecycle) =>
      async function* (filter) {
        const fits = new Set((await Array.fromAsync(list())).map(({ dfid }) => dfid))
        await Array.fromAsync(list(filter)) // refuses what is malformed
        const latest = filter.olderThanSec === undefined ? null : ago(filter.olderThanSec)
        for (const { dfid, toStatus, createdAt } of make(await lifecycle.getTransitions()))
          if (
            fits.has(dfid) &&
            (filter.status ?? toStatus) === toStatus &&
            (latest ?? '9') >= (createdAt ?? '')
          )
            yield { dfid, status: toStatus, since: createdAt }
      },
  )

const isLast =
  (all: readonly Transition[]) =>
  (one: Transition): boolean =>
    all.findLast(({ dfid }) => dfid === one.dfid) === one
const isFirst =
  (all: readonly Transition[]) =>
  (one: Transition): boolean =>
    all.find(({ dfid }) => dfid === one.dfid) === one
const byTime = (one: Transition, other: Transition): number =>
  (one.createdAt ?? '').localeCompare(other.createdAt ?? '')

export const shown = async ({ lifecycle }: StorageHandle, filter?: FlowFilter): Promise<string> =>
  (await Array.fromAsync(lifecycle.listFlows(filter))).map(({ dfid, status }) => dfid + status).join(' ')

/** Records transitions such as `aS`: of the flow a, to S. */
export const record = async ({ lifecycle }: StorageHandle, ...moves: readonly string[]): Promise<void> => {
  for (const [dfid = '', ...status] of moves) await lifecycle.recordTransition(dfid, null, status.join(''))
}

export const lifecycleFlowMutants: readonly Mutant[] = [
  {
    id: 'flows-by-the-latest-time',
    breaks: 'a flow is listed with the transition that is the latest by its time',
    from: 'MAX(created_at)',
    killedBy: 'lifecycle/flows-are-listed-by-age',
    wrap: madeOf((all) => all.filter(isLast(all.toSorted(byTime)))),
    async witness(storage) {
      await plant(storage, [move('w', 'NEW', ago(1)), move('w', 'OLD', ago(9))])
      return (await shown(storage)) === 'wNEW'
    },
  },
  {
    id: 'flows-in-the-order-of-times',
    breaks: 'flows are listed in the order of the times of their last transitions',
    from: 'ORDER BY created_at',
    killedBy: 'lifecycle/flows-are-listed-by-age',
    wrap: madeOf((all) => all.filter(isLast(all)).toSorted(byTime)),
    async witness(storage) {
      await plant(storage, [move('a', 'S', ago(1)), move('b', 'S', ago(9))])
      return (await shown(storage)) === 'bS aS'
    },
  },
  {
    id: 'flows-where-they-ever-were',
    breaks: 'a flow is listed under every status that it was ever in',
    from: 'an index of all transitions by status',
    killedBy: 'lifecycle/flows-come-in-the-order-in-which-they-got-there',
    wrap: madeOf((all) => all),
    async witness(storage) {
      await record(storage, 'wA', 'wB')
      return (await shown(storage, { status: 'A' })) === 'wA'
    },
  },
  {
    id: 'flows-where-they-began',
    breaks: 'a flow keeps the place in the list that its first transition gave it',
    from: 'an upsert that keeps the row id',
    killedBy: 'lifecycle/flows-come-in-the-order-in-which-they-got-there',
    wrap: madeOf((all) =>
      all.filter(isFirst(all)).map(({ dfid }) => all.findLast((one) => one.dfid === dfid) as Transition),
    ),
    async witness(storage) {
      await record(storage, 'aA', 'bA', 'aB')
      return (await shown(storage)) === 'aB bA'
    },
  },
  {
    id: 'flows-that-go-nowhere-keep-their-time',
    breaks: 'a transition to where the flow is already changes neither its place nor its time',
    from: 'an update only where the status differs',
    killedBy: 'lifecycle/flows-come-in-the-order-in-which-they-got-there',
    wrap: madeOf((all) => {
      const counts = all.filter((one, index) => {
        return all.slice(0, index).findLast(({ dfid }) => dfid === one.dfid)?.toStatus !== one.toStatus
      })
      return counts.filter(isLast(counts))
    }),
    async witness(storage) {
      await record(storage, 'wA', 'bA', 'wA')
      return (await shown(storage)) === 'wA bA'
    },
  },
]
