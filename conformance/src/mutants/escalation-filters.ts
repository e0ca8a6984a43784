import { whole } from '../scenarios/kit.ts'
import { ago, asked } from '../scenarios/plant.ts'
import { flowsOf, insert, requests } from './escalation-lists.ts'
import { asking, isFilter } from './listing.ts'
import type { Mutant } from './mutant.ts'
import { REQUEST } from './samples.ts'

export const escalationFilterMutants: readonly Mutant[] = [
  {
    id: 'list-of-every-status',
    breaks: 'with an agent, a list has requests of every status',
    from: 'an index on the agent, after which the other condition is forgotten',
    killedBy: 'escalation/requests-are-listed',
    wrap: requests(
      asking(({ status, ...rest }) =>
        rest.agentId === undefined && status !== undefined ? { ...rest, status } : rest,
      ),
    ),
    async witness(storage) {
      await insert(storage, 'w')
      return (await flowsOf(storage, { status: 'RESOLVED', agentId: REQUEST.agentId })) === 'w'
    },
  },
  {
    id: 'list-of-every-agent',
    breaks: 'with a status, a list has the requests of every agent',
    from: 'an index on the status, after which the other condition is forgotten',
    killedBy: 'escalation/requests-are-listed',
    wrap: requests(
      asking(({ agentId, ...rest }) =>
        rest.status === undefined && agentId !== undefined ? { ...rest, agentId } : rest,
      ),
    ),
    async witness(storage) {
      await insert(storage, 'w')
      return (await flowsOf(storage, { status: 'PENDING', agentId: 'nobody' })) === 'w'
    },
  },
  {
    id: 'list-of-any-age',
    breaks: 'with a status, a list has requests of any age',
    from: 'an index on the status, after which the other condition is forgotten',
    killedBy: 'escalation/requests-are-listed-by-age',
    wrap: requests(
      asking(({ olderThanSec, ...rest }) =>
        rest.status === undefined && olderThanSec !== undefined ? { ...rest, olderThanSec } : rest,
      ),
    ),
    async witness(storage) {
      await insert(storage, 'w')
      return (await flowsOf(storage, { status: 'PENDING', olderThanSec: 3_600 })) === 'w'
    },
  },
  {
    id: 'list-by-milliseconds',
    breaks: 'the age that is asked for counts as milliseconds',
    from: 'a subtraction of seconds from Date.now()',
    killedBy: 'escalation/requests-are-listed-by-age',
    wrap: requests(
      asking(({ olderThanSec, ...rest }) =>
        olderThanSec === undefined || !(olderThanSec >= 0)
          ? { ...rest, ...(olderThanSec === undefined ? {} : { olderThanSec }) }
          : { ...rest, olderThanSec: olderThanSec / 1_000 },
      ),
    ),
    async witness(storage) {
      await storage.importRecords(whole([asked('w', ago(1_000))]))
      return (await flowsOf(storage, { olderThanSec: 9_000 })) === 'w'
    },
  },
  {
    id: 'list-of-the-young',
    breaks: 'a list by age has the requests that are younger',
    from: 'a comparison the wrong way round',
    killedBy: 'escalation/requests-grow-old',
    wrap: requests(
      (list) =>
        async function* (filter) {
          const { olderThanSec, ...rest } = isFilter(filter) ? filter : {}
          if (olderThanSec === undefined || !(olderThanSec >= 0)) return yield* list(filter)
          const old = new Set((await Array.fromAsync(list(filter))).map(({ dfid }) => dfid))
          for await (const request of list(rest)) if (!old.has(request.dfid)) yield request
        },
    ),
    async witness(storage) {
      await insert(storage, 'w')
      return (await flowsOf(storage, { olderThanSec: 3_600 })) === 'w'
    },
  },
]
