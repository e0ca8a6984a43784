import type { EscalationRequest, Instant, RequestStatus } from '@dir/storage-core'
import {
  type Operations,
  type RequestRow,
  type Resolution,
  type SyncImplementation,
  conditionalWrite,
  formatMicros,
  hostMicros,
  oldBefore,
  microsOf,
  flowPruning,
} from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import { firstFrom } from './sorted.ts'
import type { KeptRequest, MemoryState } from './state.ts'
import { isOlder, now } from './time.ts'

const firstToken = (tokens: readonly Instant[], since: Instant): number =>
  firstFrom(tokens, (token) => token < since)

function addToken({ budgetTokens }: MemoryState, agentId: string, at: Instant): void {
  const tokens = budgetTokens.get(agentId) ?? []
  budgetTokens.set(agentId, tokens)
  tokens.splice(firstToken(tokens, at), 0, at)
}

function getWindowCount({ budgetTokens }: MemoryState, agentId: string, since: Instant): number {
  const tokens = budgetTokens.get(agentId) ?? []
  return tokens.length - firstToken(tokens, since)
}

function insertRequest({ requests }: MemoryState, request: EscalationRequest): void {
  const replaced = requests.get(request.dfid)
  const least = replaced === undefined ? 0 : microsOf(replaced.createdAt) + 1
  const createdAt = formatMicros(Math.max(hostMicros(), least))
  requests.add({ ...request, createdAt, resolvedAt: null, decision: null, resolvedBy: null })
}

const statusOf = ({ resolvedAt }: Pick<KeptRequest, 'resolvedAt'>): RequestStatus =>
  resolvedAt === null ? 'PENDING' : 'RESOLVED'

const toRow = (request: KeptRequest): RequestRow => ({ ...request, status: statusOf(request) })

export const escalation: SyncImplementation<Operations['escalation'], MemoryState> = {
  getWindowCount,

  recordBudgetToken: (state, agentId) => addToken(state, agentId, now()),

  insertRequest,

  resolveRequest: conditionalWrite(
    ({ requests }: MemoryState, { dfid, createdAt }: Resolution) => {
      const request = requests.get(dfid)
      return request?.resolvedAt === null && (createdAt === null || createdAt === request.createdAt)
    },
    ({ requests }, { dfid, resolvedAt, decision, proposalJson, resolvedBy }) => {
      const proposal = proposalJson === null ? {} : { proposalJson }
      requests.change(dfid, { resolvedAt, decision, resolvedBy, ...proposal })
      return true
    },
    ({ requests }, { dfid }) => {
      const request = requests.get(dfid)
      return request === undefined ? null : statusOf(request)
    },
  ),

  getRequest({ requests }, dfid) {
    const request = requests.get(dfid)
    return request === undefined ? null : toRow(request)
  },

  requestsPage({ requests }, { status, agentId, leastAgeMicros }, cursor) {
    const isOld = isOlder(leastAgeMicros)
    const { items, next } = requests.page(
      cursor,
      (request) =>
        (status === null || status === statusOf(request)) &&
        (agentId === null || agentId === request.agentId) &&
        isOld(request.createdAt),
    )
    return { items: items.map(toRow), next }
  },

  getPendingRequests: ({ requests }) =>
    requests
      .all()
      .filter(({ resolvedAt }) => resolvedAt === null)
      .map(({ resolvedAt: _, decision: __, resolvedBy: ___, ...request }) => request),

  consumeBudget(state, agentId, limit, windowMicros, request) {
    const used = getWindowCount(state, agentId, formatMicros(hostMicros() - windowMicros))
    if (used >= limit) return { granted: false, used }
    addToken(state, agentId, now())
    if (request !== null) insertRequest(state, request)
    return { granted: true, used: used + 1 }
  },

  pruneFlow: flowPruning<MemoryState>({
    isOver: ({ requests }, dfid, before) => {
      const request = requests.get(dfid)
      return request === undefined || (request.resolvedAt !== null && request.resolvedAt < before)
    },
    count: ({ requests }, dfid) => Number(requests.get(dfid) !== undefined),
    remove: ({ requests }, dfid) => requests.remove(dfid),
  }),

  prunePage({ budgetTokens }, before, kept, _cursor, dryRun) {
    const moment = oldBefore(before, kept)
    let removed = 0
    for (const [agentId, tokens] of budgetTokens) {
      const old = firstToken(tokens, moment)
      removed += old
      if (dryRun || old === 0) continue
      tokens.splice(0, old)
      if (tokens.length === 0) budgetTokens.delete(agentId)
    }
    return { removed, next: null }
  },

  exportPage({ budgetTokens, requests }) {
    const tokens = [...budgetTokens].flatMap(([agentId, times]) =>
      times.map((createdAt) => ({ type: 'budgetToken' as const, agentId, createdAt })),
    )
    const asked = requests.all().map(({ resolvedBy, ...request }) => ({
      type: 'request' as const,
      ...request,
      status: statusOf(request),
      ...(resolvedBy === null ? {} : { resolvedBy }),
    }))
    return onePage([...tokens, ...asked])
  },

  importPage(state, items) {
    for (const item of items) {
      if (item.type === 'budgetToken') addToken(state, item.agentId, item.createdAt)
      else {
        const { type: _, unfit: __, status: ___, resolvedBy = null, ...request } = item
        state.requests.add({ ...request, resolvedBy })
      }
    }
  },
}
