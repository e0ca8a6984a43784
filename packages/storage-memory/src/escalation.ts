import type { EscalationRequest, Instant } from '@dir/storage-core'
import {
  type Operations,
  type Resolution,
  type SyncImplementation,
  conditionalWrite,
  formatMicros,
  hostMicros,
  microsOf,
} from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import { firstFrom } from './sorted.ts'
import type { MemoryState, StoredRequest } from './state.ts'
import { now } from './time.ts'

const firstToken = (tokens: readonly Instant[], since: Instant): number =>
  firstFrom(tokens, since, (token) => token)

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
  requests.delete(request.dfid) // so that it moves to the end
  const createdAt = formatMicros(Math.max(hostMicros(), least))
  requests.set(request.dfid, { ...request, createdAt, resolvedAt: null, decision: null })
}

export const escalation: SyncImplementation<Operations['escalation'], MemoryState> = {
  getWindowCount,

  recordBudgetToken: (state, agentId) => addToken(state, agentId, now()),

  insertRequest,

  resolveRequest: conditionalWrite(
    ({ requests }: MemoryState, { dfid, createdAt }: Resolution) => {
      const request = requests.get(dfid)
      return request?.resolvedAt === null && (createdAt === null || createdAt === request.createdAt)
    },
    ({ requests }, { dfid, resolvedAt, decision, proposalJson }) => {
      const request = requests.get(dfid) as StoredRequest
      requests.set(dfid, {
        ...request,
        resolvedAt,
        decision,
        proposalJson: proposalJson ?? request.proposalJson,
      })
      return true
    },
  ),

  getPendingRequests({ requests }) {
    const pending = requests.values().filter((request) => request.resolvedAt === null)
    return pending.map(({ resolvedAt: _, decision: __, ...request }) => request).toArray()
  },

  consumeBudget(state, agentId, limit, windowMicros, request) {
    const used = getWindowCount(state, agentId, formatMicros(hostMicros() - windowMicros))
    if (used >= limit) return { granted: false, used }
    addToken(state, agentId, now())
    if (request !== null) insertRequest(state, request)
    return { granted: true, used: used + 1 }
  },

  exportPage({ budgetTokens, requests }) {
    const tokens = [...budgetTokens].flatMap(([agentId, times]) =>
      times.map((createdAt) => ({ type: 'budgetToken' as const, agentId, createdAt })),
    )
    const asked = requests.values().map((request) => {
      const status = request.resolvedAt === null ? ('PENDING' as const) : ('RESOLVED' as const)
      return { type: 'request' as const, ...request, status }
    })
    return onePage([...tokens, ...asked])
  },

  importPage(state, items) {
    for (const item of items) {
      if (item.type === 'budgetToken') addToken(state, item.agentId, item.createdAt)
      else {
        const { type: _, unfit: __, status: ___, ...request } = item
        state.requests.set(request.dfid, request)
      }
    }
  },
}
