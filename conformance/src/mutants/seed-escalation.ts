import type { EscalationRequest, Instant } from '@dir/storage-core'
import {
  type RequestRow,
  type Resolution,
  formatMicros,
  hostMicros,
  microsOf,
} from '@dir/storage-core/adapter'
import { type SeedStore, isOlder, now, pageAfter, pause } from './seed-store.ts'
import type { SeedProtocol } from './seed-protocol.ts'

const windowCount = (store: SeedStore, agentId: string, since: Instant): number =>
  store
    .list<{ agentId: string; at: Instant }>('tokens')
    .filter((one) => one.agentId === agentId && one.at >= since).length

/** `place` is its own in the order of insertion. */
type Kept = RequestRow & { readonly place: number }

const toRow = ({ place: _, ...row }: Kept): RequestRow => row

function insertRequest(store: SeedStore, request: EscalationRequest): void {
  const requests = store.table<Kept>('requests')
  const before = requests.get(request.dfid)?.createdAt ?? null
  const least = before === null ? 0 : microsOf(before) + 1
  const createdAt = formatMicros(Math.max(hostMicros(), least))
  const undecided = { status: 'PENDING', decision: null, resolvedAt: null, resolvedBy: null } as const
  const place = store.list('places').push(request.dfid)
  requests.delete(request.dfid)
  requests.set(request.dfid, { ...request, createdAt, ...undecided, place })
}

export const escalation: SeedProtocol<'escalation'> = {
  getWindowCount: windowCount,
  recordBudgetToken: (store, agentId) => void store.list('tokens').push({ agentId, at: now() }),
  insertRequest,
  async resolveRequest(store, { dfid, createdAt, proposalJson, ...decided }: Resolution) {
    const request = await store.read<Kept>('requests', dfid)
    if (request?.status !== 'PENDING' || (createdAt ?? request.createdAt) !== request.createdAt) return false
    const proposal = proposalJson ?? request.proposalJson
    store.table('requests').set(dfid, { ...request, ...decided, status: 'RESOLVED', proposalJson: proposal })
    return true
  },
  async getRequest(store, dfid) {
    const request = await store.read<Kept>('requests', dfid)
    return request === null ? null : toRow(request)
  },
  requestsPage(store, { status, agentId, leastAgeMicros }, cursor) {
    const isOld = isOlder(leastAgeMicros)
    const fitting = [...store.table<Kept>('requests').values()].filter(
      (one) =>
        (status ?? one.status) === one.status &&
        (agentId ?? one.agentId) === one.agentId &&
        isOld(one.createdAt),
    )
    const { items, next } = pageAfter(fitting, cursor, (one, other) => one.place - other.place)
    return { items: items.map(toRow), next }
  },
  getPendingRequests: (store) =>
    [...store.table<Kept>('requests').values()]
      .filter(({ status }) => status === 'PENDING')
      .map(toRow)
      .map(({ status: _, decision: __, resolvedAt: ___, resolvedBy: ____, ...request }) => request),
  async consumeBudget(store, agentId, limit, windowMicros, request) {
    const used = windowCount(store, agentId, formatMicros(hostMicros() - windowMicros))
    if (used >= limit) return { granted: false, used }
    await pause()
    store.list('tokens').push({ agentId, at: now() })
    if (request !== null) insertRequest(store, request)
    return { granted: true, used: used + 1 }
  },
}
