import type { FlowFilter } from '@dir/storage-core'
import { ago, move, plant } from '../scenarios/plant.ts'
import { flowing, record, shown } from './lifecycle-flows.ts'
import type { Mutant } from './mutant.ts'

/** Changes what is asked for. */
const asking = (change: (filter: FlowFilter) => FlowFilter): Mutant['wrap'] =>
  flowing((list) => (filter) => list(change(filter)))

/** Lists those whose status looks alike. */
const alike = (toKey: (status: string) => string): Mutant['wrap'] =>
  flowing(
    (list) =>
      async function* ({ status, ...rest }) {
        if (status === undefined) return yield* list(rest)
        await Array.fromAsync(list({ status, ...rest })) // refuses what is malformed
        for await (const flow of list(rest)) if (toKey(flow.status) === toKey(status)) yield flow
      },
  )

export const lifecycleFlowFilterMutants: readonly Mutant[] = [
  {
    id: 'flows-of-any-age',
    breaks: 'with a status, flows of any age are listed',
    from: 'an index on the status, after which the other condition is forgotten',
    killedBy: 'lifecycle/flows-are-listed-by-age',
    wrap: asking(({ olderThanSec, ...rest }) =>
      rest.status === undefined && olderThanSec !== undefined ? { ...rest, olderThanSec } : rest,
    ),
    async witness(storage) {
      await record(storage, 'wA')
      return (await shown(storage, { status: 'A', olderThanSec: 3_600 })) === 'wA'
    },
  },
  {
    id: 'flows-of-every-status',
    breaks: 'with an age, flows of every status are listed',
    from: 'an index on the time, after which the other condition is forgotten',
    killedBy: 'lifecycle/flows-are-listed-by-age',
    wrap: asking(({ status, ...rest }) =>
      rest.olderThanSec === undefined && status !== undefined ? { ...rest, status } : rest,
    ),
    async witness(storage) {
      await plant(storage, [move('w', 'A', ago(9))])
      return (await shown(storage, { status: 'B', olderThanSec: 1 })) === 'wA'
    },
  },
  {
    id: 'flows-by-milliseconds',
    breaks: 'the age that is asked for counts as milliseconds',
    from: 'a subtraction of seconds from Date.now()',
    killedBy: 'lifecycle/flows-are-listed-by-age',
    wrap: asking(({ olderThanSec, ...rest }) =>
      olderThanSec === undefined || !(olderThanSec >= 0)
        ? { ...rest, ...(olderThanSec === undefined ? {} : { olderThanSec }) }
        : { ...rest, olderThanSec: olderThanSec / 1_000 },
    ),
    async witness(storage) {
      await plant(storage, [move('w', 'A', ago(1_000))])
      return (await shown(storage, { olderThanSec: 9_000 })) === 'wA'
    },
  },
  {
    id: 'flows-of-the-young',
    breaks: 'a list by age has the flows that moved later',
    from: 'a comparison the wrong way round',
    killedBy: 'lifecycle/flows-grow-old',
    wrap: flowing(
      (list) =>
        async function* ({ olderThanSec, ...rest }) {
          if (olderThanSec === undefined || !(olderThanSec >= 0))
            return yield* list({ olderThanSec, ...rest } as FlowFilter)
          const old = new Set(
            (await Array.fromAsync(list({ olderThanSec, ...rest }))).map(({ dfid }) => dfid),
          )
          for await (const flow of list(rest)) if (!old.has(flow.dfid)) yield flow
        },
    ),
    async witness(storage) {
      await record(storage, 'wA')
      return (await shown(storage, { olderThanSec: 3_600 })) === 'wA'
    },
  },
  {
    id: 'flows-in-upper-and-lower-case',
    breaks: 'a status is found in upper and in lower case',
    from: 'a collation that ignores case',
    killedBy: 'lifecycle/flows-of-any-status',
    wrap: alike((status) => status.toLowerCase()),
    async witness(storage) {
      await record(storage, 'wA')
      return (await shown(storage, { status: 'a' })) === 'wA'
    },
  },
  {
    id: 'flows-of-a-cut-status',
    breaks: 'of a long status only the first thousand characters count',
    from: 'an index on a prefix, after which nothing is compared',
    killedBy: 'lifecycle/flows-of-any-status',
    wrap: alike((status) => status.slice(0, 1_000)),
    async witness(storage) {
      await record(storage, `w${'A'.repeat(1_001)}`)
      return (await shown(storage, { status: 'A'.repeat(1_000) })) !== ''
    },
  },
  {
    id: 'flows-of-the-empty-status',
    breaks: 'the empty status asks for all flows',
    from: 'a test for truth instead of absence',
    killedBy: 'lifecycle/flows-of-any-status',
    wrap: asking(({ status, ...rest }) =>
      status === '' || status === undefined ? rest : { ...rest, status },
    ),
    async witness(storage) {
      await record(storage, 'wA')
      return (await shown(storage, { status: '' })) === 'wA'
    },
  },
]
