import type { RequestFilter, StorageHandle, StoredRequest } from '@dir/storage-core'
import { whole } from '../scenarios/kit.ts'
import { ago, asked } from '../scenarios/plant.ts'
import { type List, listing, sorted } from './listing.ts'
import type { Mutant } from './mutant.ts'
import { overShared } from './over.ts'
import { REQUEST } from './samples.ts'

/** Changes the list of requests. */
export const requests = (
  change: (list: List<StoredRequest, RequestFilter>) => List<StoredRequest, RequestFilter>,
) => listing('escalation', 'listRequests', change)

export const flowsOf = async ({ escalation }: StorageHandle, filter?: RequestFilter): Promise<string> =>
  (await Array.fromAsync(escalation.listRequests(filter))).map(({ dfid }) => dfid).join(' ')

export const insert = async ({ escalation }: StorageHandle, ...flows: readonly string[]): Promise<void> => {
  for (const dfid of flows) await escalation.insertRequest({ ...REQUEST, dfid })
}

export const escalationListMutants: readonly Mutant[] = [
  {
    id: 'list-in-the-order-of-times',
    breaks: 'a list is in the order of the times at which its requests were opened',
    from: 'ORDER BY created_at',
    killedBy: 'escalation/requests-are-listed-by-age',
    wrap: requests(sorted((a, b) => (a.createdAt ?? '').localeCompare(b.createdAt ?? ''))),
    async witness(storage) {
      await storage.importRecords(whole([asked('a', ago(1)), asked('b', ago(9))]))
      return (await flowsOf(storage)) === 'b a'
    },
  },
  {
    id: 'list-keeps-the-place-of-the-reopened',
    breaks: 'a request that is opened again stays where it was in the list of all',
    from: 'an upsert that keeps the row id',
    killedBy: 'escalation/a-request-opened-again-is-listed-last',
    wrap: overShared(
      () => new Set<string>(),
      ({ escalation }, order) => ({
        escalation: {
          async insertRequest(request) {
            await escalation.insertRequest(request)
            order.add(request.dfid)
          },
          async *listRequests(filter) {
            const all = await Array.fromAsync(escalation.listRequests(filter))
            const places = [...order]
            yield* all.sort((a, b) => places.indexOf(a.dfid) - places.indexOf(b.dfid))
          },
        },
      }),
    ),
    async witness(storage) {
      await insert(storage, 'a', 'b', 'a')
      return (await flowsOf(storage)) === 'a b'
    },
  },
]
