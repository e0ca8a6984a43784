import {
  type BudgetAnswer,
  type EscalationOperations,
  type EscalationRequest,
  type Implementation,
  type Instant,
  type Resolution,
  conditionalSteps,
  formatMicros,
  hostMicros,
} from '@dir/storage-core'
import type { Document, Filter } from 'mongodb'
import type { MongoContext } from './mongo-context.ts'
import type { RequestDocument } from './documents.ts'
import { bulk, upsertOne } from './bulk.ts'
import { exportPage } from './export-page.ts'
import { newId } from './ids.ts'
import { SERVER_NOW, microsecondAfter, plus } from './time.ts'

const TOKENS = 'escalation_budget'
const REQUESTS = 'escalation_requests'
const getWindowCount = (context: MongoContext, agentId: string, since: Instant): Promise<number> =>
  context.collection(TOKENS).countDocuments({ agentId, createdAt: { $gte: since } }, context.options)

/** Inserts or replaces in one step on the server; the replacement's `createdAt` is later than the replaced one's. */
const insertRequest = bulk(
  () => REQUESTS,
  ({ dfid, ...request }: EscalationRequest) => {
    const createdAt = formatMicros(hostMicros())
    const later = { $cond: [{ $gt: [createdAt, '$createdAt'] }, createdAt, microsecondAfter('$createdAt')] }
    const update = [
      { $set: { ...literals(request), ...opened(), createdAt: later, resolvedAt: null, decision: null } },
    ]
    return upsertOne(dfid, update)
  },
)

/** This process, and how many requests it has opened. */
const opener = newId()
let openings = 0

/** Its place in the order of insertion: by the server's logical clock, and in one command by the order of issue. */
function opened(): Document {
  return { opened: { at: '$$CLUSTER_TIME', position: { $literal: ++openings }, by: { $literal: opener } } }
}

/** User text never stands as an expression. */
function literals(fields: Readonly<Record<string, string | null>>): Document {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, { $literal: value }]))
}

/** The request that a resolution is about, if it still waits. */
function pending({ dfid, createdAt }: Resolution): Filter<RequestDocument> {
  return { _id: dfid, resolvedAt: null, ...(createdAt === null ? {} : { createdAt }) }
}

async function resolve(
  context: MongoContext,
  filter: Filter<RequestDocument>,
  { resolvedAt, decision, proposalJson }: Resolution,
): Promise<boolean> {
  const $set = { resolvedAt, decision, ...(proposalJson === null ? {} : { proposalJson }) }
  const { matchedCount } = await context.collection(REQUESTS).updateOne(filter, { $set }, context.options)
  return matchedCount === 1
}

/** Counts and grants inside a transaction that conflicts with every other of this agent. */
async function consume(
  context: MongoContext,
  agentId: string,
  limit: number,
  windowMicros: number,
  request: EscalationRequest | null,
): Promise<BudgetAnswer> {
  const now = await context.now()
  const used = await getWindowCount(context, agentId, plus(now, -windowMicros))
  if (used >= limit) return { granted: false, used }
  await context
    .collection('escalation_agents')
    .updateOne({ _id: agentId }, { $inc: { version: 1 } }, { ...context.options, upsert: true })
  await context.collection(TOKENS).insertOne({ _id: newId(), agentId, createdAt: now }, context.options)
  if (request !== null) await insertRequest(context, request)
  return { granted: true, used: used + 1 }
}

export const escalation: Implementation<EscalationOperations, MongoContext> = {
  getWindowCount,

  recordBudgetToken: bulk(
    () => TOKENS,
    (agentId: string) =>
      upsertOne(newId(), [{ $set: { agentId: { $literal: agentId }, createdAt: SERVER_NOW } }]),
  ),

  insertRequest,

  resolveRequest: conditionalSteps(
    (context: MongoContext, resolution: Resolution) => resolve(context, pending(resolution), resolution),
    {
      async judge(context, resolution) {
        const found = context.collection(REQUESTS).findOne(pending(resolution), context.options)
        return (await found) !== null
      },
      async enact(context, resolution) {
        await resolve(context, { _id: resolution.dfid }, resolution)
        return true
      },
    },
  ),

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

  consumeBudget: (context, ...budget) =>
    context.connection.transactions.run(context.deadline, (inside) => consume(inside, ...budget)),

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
      await context.collection(REQUESTS).bulkWrite(
        requests.map(({ type: _, unfit: __, status: ___, dfid, ...request }) => {
          const update = [{ $set: { ...literals({ ...request }), ...opened() } }]
          return { updateOne: { filter: { _id: dfid }, update, upsert: true } }
        }),
        context.options,
      )
    }
  },
}
