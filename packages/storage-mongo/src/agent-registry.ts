import type { AgentRegistryOperations, Implementation } from '@dir/storage-core'
import type { MongoContext } from './mongo-context.ts'
import { exportPage } from './export-page.ts'
import { hostNow } from './time.ts'
import { upserting } from './upsert.ts'

export const agentRegistry: Implementation<AgentRegistryOperations, MongoContext> = {
  async upsertAgent(context, { agentId, ...fields }) {
    const updatedAt = hostNow()
    await upserting(context, () =>
      context.collection('agent_registry').updateOne(
        { _id: agentId },
        {
          $set: { ...fields, updatedAt },
          $setOnInsert: { suspensionReason: null, registeredAt: updatedAt },
        },
        { ...context.options, upsert: true },
      ),
    )
  },

  async getAgent(context, agentId) {
    const found = await context.collection('agent_registry').findOne({ _id: agentId }, context.options)
    if (found === null) return null
    const { _id, registeredAt: _, updatedAt: __, ...row } = found
    return { agentId: _id, ...row }
  },

  async updateStatus(context, agentId, status, suspensionReason) {
    const { matchedCount } = await context
      .collection('agent_registry')
      .updateOne(
        { _id: agentId },
        { $set: { status, suspensionReason, updatedAt: hostNow() } },
        context.options,
      )
    return matchedCount === 1
  },

  getStatus: (context, agentId) =>
    context
      .collection('agent_registry')
      .findOne(
        { _id: agentId },
        { ...context.options, projection: { _id: 0, status: 1, suspensionReason: 1 } },
      ),

  async listActiveAgents(context) {
    const active = context
      .collection('agent_registry')
      .find({ status: 'ACTIVE' }, { ...context.options, projection: { _id: 1 } })
    return (await active.sort({ _id: 1 }).toArray()).map(({ _id }) => _id)
  },

  exportPage: (context, cursor) =>
    exportPage(context, 'agent_registry', '_id', cursor, ({ _id, ...agent }) => {
      return { type: 'agent', agentId: _id, ...agent }
    }),

  async importPage(context, items) {
    const documents = items.map(({ type: _, unfit: __, agentId, ...agent }) => ({ _id: agentId, ...agent }))
    await context.collection('agent_registry').insertMany(documents, context.options)
  },
}
