import type { RequestStatus, StorageHandle, UnfinishedState } from '@dir/storage-core'
import type { Query } from './query.ts'

/** Some of what a store lists. */
export interface Listed<Item = object> {
  readonly items: readonly Item[]
  /** There are more than these. */
  readonly isCut: boolean
}

/** An item as JSON: of an error its message. */
export function plain<Item extends object>(item: Item & { readonly error?: Error }): Item {
  return item.error === undefined ? item : { ...item, error: item.error.message }
}

/** The first `limit` of them; it ends early where nobody waits for it. */
export async function first<Item extends object>(
  items: AsyncIterable<Item>,
  limit: number,
  signal: AbortSignal,
): Promise<Listed<Item>> {
  const taken: Item[] = []
  for await (const item of items) {
    if (taken.length === limit || signal.aborted) return { items: taken, isCut: true }
    taken.push(plain(item))
  }
  return { items: taken, isCut: false }
}

/** Members of the contract's filters, and what the page calls them. */
export const EVENT_FILTER = { dfid: 'flow', event: 'event', agentId: 'agent' } as const

type List = (storage: StorageHandle, query: Query) => AsyncIterable<object>

/** What the page shows as lists. */
export const LISTS: Readonly<Record<string, List>> = {
  flows: ({ lifecycle }, query) => lifecycle.listFlows(query.filter({ status: 'status' })),
  holds: ({ resourceLock }, query) =>
    resourceLock.listHolds(query.filter({ dfid: 'flow', resourceId: 'resource' })),
  requests: ({ escalation }, query) =>
    escalation.listRequests(
      query.filter({ status: 'status', agentId: 'agent' }) as { status?: RequestStatus; agentId?: string },
    ),
  claims: ({ idempotency }, query) =>
    idempotency.listClaims(
      query.filter({ state: 'state', dfid: 'flow' }) as { state?: UnfinishedState; dfid?: string },
    ),
  dirty: ({ saga }) => saga.listDirtyFlows(),
  events: ({ decisionAudit }, query) =>
    decisionAudit.events({
      ...query.filter({ ...EVENT_FILTER, from: 'from', until: 'until' }),
      newestFirst: true,
    }),
}
