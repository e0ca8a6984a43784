import type { EscalationExport, EscalationRequest } from '@dir/storage-core'
import {
  type EscalationReads,
  type EscalationWrites,
  type Implementation,
  type Resolution,
  type SyncImplementation,
  type Transfer,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import type { Timestamp } from 'mongodb'
import { addToken, countOf } from './budget.ts'
import type { RequestDocument } from './documents.ts'
import { exportPage } from './export-page.ts'
import { newId } from './ids.ts'
import { Wanted, load } from './load.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { plus } from './time.ts'
import { needing } from './writing.ts'

const TOKENS = 'escalation_budget'
const REQUESTS = 'escalation_requests'

/** This process, and how many requests it has opened. */
const opener = newId()
let openings = 0

/** Its place in the order of insertion: by the server's logical clock, and in one commit by the order of issue. */
function opened({ clusterTime }: LoadedState): RequestDocument['opened'] {
  return { at: clusterTime as Timestamp, position: ++openings, by: opener }
}

function itsRequest(wanted: Wanted, dfid: string): void {
  wanted.clock()
  wanted.document(REQUESTS, dfid)
}

/** The replacement's `createdAt` is later than the replaced one's. */
function insertRequest(state: LoadedState, { dfid, ...request }: EscalationRequest): void {
  const replaced = state.get(REQUESTS, dfid)?.createdAt
  const createdAt = replaced === undefined || replaced < state.now ? state.now : plus(replaced, 1)
  const fields = { ...request, createdAt, resolvedAt: null, decision: null }
  state.update(REQUESTS, dfid, { $set: { ...fields, opened: opened(state) } })
}

export const escalationWrites: SyncImplementation<EscalationWrites, LoadedState> = {
  recordBudgetToken: needing((wanted, agentId) => wanted.tokens(agentId), addToken),

  insertRequest: needing((wanted, { dfid }) => itsRequest(wanted, dfid), insertRequest),

  resolveRequest: needing(
    (wanted, { dfid }) => itsRequest(wanted, dfid),
    conditionalWrite(
      (state: LoadedState, { dfid, createdAt }: Resolution) => {
        const request = state.get(REQUESTS, dfid)
        return request?.resolvedAt === null && (createdAt === null || createdAt === request.createdAt)
      },
      (state, { dfid, resolvedAt, decision, proposalJson }) => {
        const proposal = proposalJson === null ? {} : { proposalJson }
        state.update(REQUESTS, dfid, { $set: { resolvedAt, decision, ...proposal } })
        return true
      },
    ),
  ),

  consumeBudget: needing(
    (wanted, agentId, _limit, windowMicros, request) => {
      wanted.window(agentId, windowMicros)
      if (request !== null) itsRequest(wanted, request.dfid)
    },
    (
      state: LoadedState,
      agentId: string,
      limit: number,
      windowMicros: number,
      request: EscalationRequest | null,
    ) => {
      const window = state.windows.find((one) => one.agentId === agentId && one.from === windowMicros)
      const used = window === undefined ? 0 : countOf(state, window)
      if (used >= limit) return { granted: false, used }
      addToken(state, agentId)
      if (request !== null) insertRequest(state, request)
      return { granted: true, used: used + 1 }
    },
  ),
}

export const escalation: Implementation<EscalationReads & Transfer<EscalationExport>, MongoContext> = {
  async getWindowCount(context, agentId, since) {
    const wanted = new Wanted(new Map())
    wanted.window(agentId, since)
    const state = await load(context, wanted)
    return state.windows.reduce((count, window) => count + countOf(state, window), 0)
  },

  async getPendingRequests(context) {
    const pending = await context
      .collection(REQUESTS)
      .find({ resolvedAt: null }, context.options)
      .sort({ opened: 1 })
      .toArray()
    return pending.map(({ _id, opened: _, resolvedAt: __, decision: ___, ...request }) => ({
      dfid: _id,
      ...request,
    }))
  },

  async exportPage(context, cursor) {
    const inRequests = cursor?.startsWith('requests:') === true
    const inner = cursor === null || cursor === 'requests:' ? null : cursor.slice(cursor.indexOf(':') + 1)
    if (inRequests) {
      const page = await exportPage(context, REQUESTS, 'opened', inner, ({ _id, opened: _, ...request }) => {
        const status = request.resolvedAt === null ? ('PENDING' as const) : ('RESOLVED' as const)
        return { type: 'request' as const, dfid: _id, ...request, status }
      })
      return { ...page, next: page.next === null ? null : `requests:${page.next}` }
    }
    const page = await exportPage(context, TOKENS, '_id', inner, ({ agentId, createdAt }) => {
      return { type: 'budgetToken' as const, agentId, createdAt }
    })
    return { ...page, next: page.next === null ? 'requests:' : `tokens:${page.next}` }
  },

  async importPage(context, items) {
    const tokens = items.filter((item) => item.type === 'budgetToken')
    const requests = items.filter((item) => item.type === 'request')
    if (tokens.length > 0) {
      const documents = tokens.map(({ agentId, createdAt }) => ({ _id: newId(), agentId, createdAt }))
      await context.collection(TOKENS).insertMany(documents, context.options)
    }
    if (requests.length > 0) {
      const state = await load(context, new Wanted(new Map()))
      for (const { type: _, unfit: __, status: ___, dfid, ...request } of requests)
        state.update(REQUESTS, dfid, { $set: { ...request, opened: opened(state) } })
      await state.save(context, true)
    }
  },
}
