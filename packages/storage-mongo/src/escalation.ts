import type { EscalationExport, EscalationRequest, RequestExport, RequestStatus } from '@dir/storage-core'
import {
  type EscalationReads,
  type EscalationWrites,
  type Implementation,
  type RequestPageFilter,
  type Resolution,
  type SyncImplementation,
  type Transfer,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import type { Document, Timestamp } from 'mongodb'
import { addToken, countOf, pruneTokens } from './budget.ts'
import type { RequestDocument } from './documents.ts'
import { exportPage } from './export-page.ts'
import { newId } from './ids.ts'
import { Wanted, load } from './load.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { pruningDocument } from './prune.ts'
import { isOlder, plus } from './time.ts'
import { needing, outside } from './writing.ts'

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
  const fields = { ...request, createdAt, resolvedAt: null, decision: null, resolvedBy: null }
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
      (state, { dfid, resolvedAt, decision, proposalJson, resolvedBy }) => {
        const proposal = proposalJson === null ? {} : { proposalJson }
        state.update(REQUESTS, dfid, { $set: { resolvedAt, decision, resolvedBy, ...proposal } })
        return true
      },
      (state, { dfid }) => {
        const request = state.get(REQUESTS, dfid)
        if (request === null) return null
        return request.resolvedAt === null ? 'PENDING' : 'RESOLVED'
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

  pruneFlow: pruningDocument(
    REQUESTS,
    ({ resolvedAt }, before) => resolvedAt !== null && resolvedAt < before,
    { guards: true },
  ),

  prunePage: outside(pruneTokens),
}

function toRow({ _id, opened: _, resolvedBy = null, ...request }: RequestDocument) {
  const status: RequestStatus = request.resolvedAt === null ? 'PENDING' : 'RESOLVED'
  return { dfid: _id, ...request, status, resolvedBy }
}

/** Whether a document is what is asked for, in an expression. */
function fits({ status, agentId, leastAgeMicros }: RequestPageFilter): Document {
  const isResolved = { $ne: ['$resolvedAt', null] }
  return {
    $and: [
      ...(status === null ? [] : [{ $eq: [isResolved, status === 'RESOLVED'] }]),
      ...(agentId === null ? [] : [{ $eq: ['$agentId', { $literal: agentId }] }]),
      isOlder('$createdAt', leastAgeMicros),
    ],
  }
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
    return pending.map((document) => {
      const { status: _, resolvedAt: __, decision: ___, resolvedBy: ____, ...request } = toRow(document)
      return request
    })
  },

  async getRequest(context, dfid) {
    const document = await context.collection(REQUESTS).findOne({ _id: dfid }, context.options)
    return document === null ? null : toRow(document)
  },

  requestsPage(context, filter, cursor) {
    const { status, agentId } = filter
    const match = status === 'PENDING' ? { resolvedAt: null } : agentId === null ? {} : { agentId }
    return exportPage(context, REQUESTS, ['opened'], cursor, toRow, { match, fits: fits(filter) })
  },

  async exportPage(context, cursor) {
    const inRequests = cursor?.startsWith('requests:') === true
    const inner = cursor === null || cursor === 'requests:' ? null : cursor.slice(cursor.indexOf(':') + 1)
    if (inRequests) {
      const page = await exportPage(context, REQUESTS, ['opened'], inner, (document): RequestExport => {
        const { resolvedBy, ...request } = toRow(document)
        return { type: 'request', ...request, ...(resolvedBy === null ? {} : { resolvedBy }) }
      })
      return { ...page, next: page.next === null ? null : `requests:${page.next}` }
    }
    const page = await exportPage(context, TOKENS, ['_id'], inner, ({ agentId, createdAt }) => {
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
      for (const { type: _, unfit: __, status: ___, dfid, resolvedBy = null, ...request } of requests)
        state.update(REQUESTS, dfid, { $set: { ...request, resolvedBy, opened: opened(state) } })
      await state.save(context, true)
    }
  },
}
