import {
  type BudgetAnswer,
  type EscalationOperations,
  type EscalationRequest,
  type Implementation,
  type Instant,
  formatMicros,
  hostMicros,
  microsOf,
} from '@dir/storage-core'
import { ObjectId } from 'mongodb'
import type { MongoContext } from './mongo-context.ts'
import { isDuplicate } from './errors.ts'
import { exportPage } from './export-page.ts'
import { SERVER_NOW, plus } from './time.ts'

const TOKENS = 'escalation_budget'
const REQUESTS = 'escalation_requests'
/** The server gives each opening a time of its own, later than all before. */
const OPENED = { $currentDate: { opened: { $type: 'timestamp' } } } as const

const getWindowCount = (context: MongoContext, agentId: string, since: Instant): Promise<number> =>
  context.collection(TOKENS).countDocuments({ agentId, createdAt: { $gte: since } }, context.options)

async function insertRequest(context: MongoContext, { dfid, ...request }: EscalationRequest): Promise<void> {
  for (;;) {
    const projection = { createdAt: 1, opened: 1 } as const
    const replaced = await context
      .collection(REQUESTS)
      .findOne({ _id: dfid }, { ...context.options, projection })
    const least = replaced === null ? 0 : microsOf(replaced.createdAt) + 1
    const createdAt = formatMicros(Math.max(hostMicros(), least))
    try {
      const { matchedCount, upsertedCount } = await context
        .collection(REQUESTS)
        .updateOne(
          { _id: dfid, opened: replaced?.opened ?? { $exists: false } },
          { $set: { ...request, createdAt, resolvedAt: null, decision: null }, ...OPENED },
          { ...context.options, upsert: replaced === null },
        )
      if (matchedCount + upsertedCount === 1) return
    } catch (error) {
      if (context.session !== undefined || !isDuplicate(error)) throw error
    }
  }
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
  await context
    .collection(TOKENS)
    .insertOne({ _id: new ObjectId(), agentId, createdAt: now }, context.options)
  if (request !== null) await insertRequest(context, request)
  return { granted: true, used: used + 1 }
}

export const escalation: Implementation<EscalationOperations, MongoContext> = {
  getWindowCount,

  async recordBudgetToken(context, agentId) {
    await context
      .collection(TOKENS)
      .updateOne(
        { _id: new ObjectId() },
        [{ $set: { agentId: { $literal: agentId }, createdAt: SERVER_NOW } }],
        { ...context.options, upsert: true },
      )
  },

  insertRequest,

  async resolveRequest(context, { dfid, resolvedAt, decision, proposalJson, createdAt }) {
    const { matchedCount } = await context
      .collection(REQUESTS)
      .updateOne(
        { _id: dfid, resolvedAt: null, ...(createdAt === null ? {} : { createdAt }) },
        { $set: { resolvedAt, decision, ...(proposalJson === null ? {} : { proposalJson }) } },
        context.options,
      )
    return matchedCount === 1
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
      const documents = tokens.map(({ agentId, createdAt }) => ({ _id: new ObjectId(), agentId, createdAt }))
      await context.collection(TOKENS).insertMany(documents, context.options)
    }
    if (requests.length > 0) {
      await context.collection(REQUESTS).bulkWrite(
        requests.map(({ type: _, unfit: __, status: ___, dfid, ...request }) => {
          return { updateOne: { filter: { _id: dfid }, update: { $set: request, ...OPENED }, upsert: true } }
        }),
        context.options,
      )
    }
  },
}
