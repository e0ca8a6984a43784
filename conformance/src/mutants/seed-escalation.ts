import type { EscalationRequest, Instant } from '@dir/storage-core'
import { type Resolution, formatMicros, hostMicros, microsOf } from '@dir/storage-core/adapter'
import { type SeedStore, now, pause } from './seed-store.ts'
import type { SeedProtocol } from './seed-protocol.ts'

type StoredRequest = EscalationRequest & { readonly createdAt: Instant; readonly resolved: boolean }
const windowCount = (store: SeedStore, agentId: string, since: Instant): number =>
  store
    .list<{ agentId: string; at: Instant }>('tokens')
    .filter((one) => one.agentId === agentId && one.at >= since).length

function insertRequest(store: SeedStore, request: EscalationRequest): void {
  const requests = store.table<StoredRequest>('requests')
  const before = requests.get(request.dfid)?.createdAt
  const least = before === undefined ? 0 : microsOf(before) + 1
  requests.delete(request.dfid)
  requests.set(request.dfid, {
    ...request,
    createdAt: formatMicros(Math.max(hostMicros(), least)),
    resolved: false,
  })
}

export const escalation: SeedProtocol<'escalation'> = {
  getWindowCount: windowCount,
  recordBudgetToken: (store, agentId) => void store.list('tokens').push({ agentId, at: now() }),
  insertRequest,
  async resolveRequest(store, { dfid, createdAt, proposalJson }: Resolution) {
    const request = await store.read<StoredRequest>('requests', dfid)
    if (request === null || request.resolved || (createdAt ?? request.createdAt) !== request.createdAt)
      return false
    const proposal = proposalJson ?? request.proposalJson
    store.table('requests').set(dfid, { ...request, proposalJson: proposal, resolved: true })
    return true
  },
  getPendingRequests: (store) =>
    [...store.table<StoredRequest>('requests').values()]
      .filter(({ resolved }) => !resolved)
      .map(({ resolved: _, ...request }) => request),
  async consumeBudget(store, agentId, limit, windowMicros, request) {
    const used = windowCount(store, agentId, formatMicros(hostMicros() - windowMicros))
    if (used >= limit) return { granted: false, used }
    await pause()
    store.list('tokens').push({ agentId, at: now() })
    if (request !== null) insertRequest(store, request)
    return { granted: true, used: used + 1 }
  },
}
