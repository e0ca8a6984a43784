import type { Hold, StorageHandle } from '@dir/storage-core'
import { describeError } from '../errors.ts'
import type { Asked } from './asked.ts'
import { first } from './lists.ts'

/** How many there are, and since when the first of them. */
export interface Waiting {
  readonly count: number
  readonly isCut: boolean
  readonly since: string | null
}

export interface Attention {
  readonly requests: Waiting
  readonly claims: Waiting
  readonly dirty: Waiting
}

export interface Capital {
  readonly resourceId: string
  /** All that is held of it; null where the store cannot sum it. */
  readonly amount: number | null
  readonly error?: string
  readonly holds: number
  readonly flows: number
  /** The flow that holds most of it. */
  readonly largest: Pick<Hold, 'dfid' | 'amount'>
  readonly since: string | null
}

export interface CapitalAnswer {
  readonly resources: readonly Capital[]
  readonly holds: number
  readonly isCut: boolean
}

export interface StatusesAnswer {
  readonly statuses: readonly { readonly status: string; readonly flows: number }[]
  readonly flows: number
  readonly isCut: boolean
}

export interface Overview {
  readonly attention: Attention
  readonly capital: CapitalAnswer
  readonly statuses: StatusesAnswer
}

const MOST_WAITING = 1_000
const MOST_HOLDS = 5_000
const MOST_RESOURCES = 100
const MOST_FLOWS = 10_000

/** What stands open now. Each looks at so many at most, and says where there are more. */
export const overview: { readonly [K in keyof Overview]: (asked: Asked) => Promise<Overview[K]> } = {
  async attention({ storage: { escalation, idempotency, saga }, signal }) {
    const [requests, claims, dirty] = await Promise.all([
      first(escalation.listRequests({ status: 'PENDING' }), MOST_WAITING, signal),
      first(idempotency.listClaims({ state: 'ambiguous' }), MOST_WAITING, signal),
      first(saga.listDirtyFlows(), MOST_WAITING, signal),
    ])
    return {
      requests: waiting(requests, ({ createdAt }) => createdAt),
      claims: waiting(claims, ({ since }) => since),
      dirty: waiting(dirty, ({ markedAt }) => markedAt),
    }
  },

  async capital({ storage, signal }) {
    const { items, isCut } = await first(storage.resourceLock.listHolds(), MOST_HOLDS, signal)
    const by = Map.groupBy(items, ({ resourceId }) => resourceId)
    const resources: Capital[] = []
    for (const [resourceId, holds] of [...by].slice(0, MOST_RESOURCES))
      resources.push({
        resourceId,
        ...(await lockedOf(storage, resourceId)),
        holds: holds.length,
        flows: new Set(holds.map(({ dfid }) => dfid)).size,
        largest: holds.reduce((one, other) => ((other.amount ?? 0) > (one.amount ?? 0) ? other : one)),
        since: earliest(holds.map(({ acquiredAt }) => acquiredAt)),
      })
    return { resources, holds: items.length, isCut: isCut || by.size > MOST_RESOURCES }
  },

  async statuses({ storage: { lifecycle }, query, signal }) {
    const most = query.number('most') ?? MOST_FLOWS
    const counts = new Map<string, number>()
    let flows = 0
    let isCut = false
    for await (const { status } of lifecycle.listFlows()) {
      isCut = flows === most || signal.aborted
      if (isCut) break
      flows++
      counts.set(status, (counts.get(status) ?? 0) + 1)
    }
    const statuses = [...counts].map(([status, count]) => ({ status, flows: count }))
    return { statuses: statuses.sort((one, other) => other.flows - one.flows), flows, isCut }
  },
}

interface Some<Item> {
  readonly items: readonly Item[]
  readonly isCut: boolean
}

function waiting<Item>({ items, isCut }: Some<Item>, since: (item: Item) => string | null): Waiting {
  return { count: items.length, isCut, since: earliest(items.map(since)) }
}

function earliest(times: readonly (string | null)[]): string | null {
  return times
    .filter((time) => time !== null)
    .reduce<string | null>((a, b) => (a === null || b < a ? b : a), null)
}

/** The store's own sum, which is exact and counts those too that are beyond the limit. */
async function lockedOf(
  { resourceLock }: StorageHandle,
  resourceId: string,
): Promise<Pick<Capital, 'amount' | 'error'>> {
  try {
    return { amount: await resourceLock.getLockedAmount(resourceId, null) }
  } catch (error) {
    return { amount: null, error: describeError(error).message }
  }
}
