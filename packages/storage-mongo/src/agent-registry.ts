import {
  type AgentInput,
  type AgentRegistryOperations,
  type Implementation,
  conditionalSteps,
} from '@dir/storage-core'
import type { MongoContext } from './mongo-context.ts'
import type { AgentDocument } from './documents.ts'
import { bulk, replaceAll, upsertOne } from './bulk.ts'
import { exportPage } from './export-page.ts'
import { hostNow } from './time.ts'

const NAME = 'agent_registry'

async function updateStatus(
  context: MongoContext,
  agentId: string,
  status: string,
  suspensionReason: string | null,
): Promise<boolean> {
  const $set = { status, suspensionReason, updatedAt: hostNow() } as Partial<AgentDocument>
  const { matchedCount } = await context
    .collection(NAME)
    .updateOne({ _id: agentId }, { $set }, context.options)
  return matchedCount === 1
}

export const agentRegistry: Implementation<AgentRegistryOperations, MongoContext> = {
  upsertAgent: bulk(
    () => NAME,
    ({ agentId, ...fields }: AgentInput) => {
      const updatedAt = hostNow()
      const update = {
        $set: { ...fields, updatedAt },
        $setOnInsert: { suspensionReason: null, registeredAt: updatedAt },
      }
      return upsertOne(agentId, update)
    },
  ),

  async getAgent(context, agentId) {
    const found = await context.collection(NAME).findOne({ _id: agentId }, context.options)
    if (found === null) return null
    const { _id, registeredAt: _, updatedAt: __, ...row } = found
    return { agentId: _id, ...row }
  },

  updateStatus: conditionalSteps(updateStatus, {
    judge: async (context: MongoContext, agentId: string, _status: string, _reason: string | null) => {
      const projection = { _id: 1 } as const
      return (
        (await context.collection(NAME).findOne({ _id: agentId }, { ...context.options, projection })) !==
        null
      )
    },
    async enact(context, ...change) {
      await updateStatus(context, ...change)
      return true
    },
  }) as Implementation<AgentRegistryOperations, MongoContext>['updateStatus'],

  getStatus: (context, agentId) =>
    context
      .collection(NAME)
      .findOne(
        { _id: agentId },
        { ...context.options, projection: { _id: 0, status: 1, suspensionReason: 1 } },
      ),

  async listActiveAgents(context) {
    const active = context
      .collection(NAME)
      .find({ status: 'ACTIVE' }, { ...context.options, projection: { _id: 1 } })
    return (await active.sort({ _id: 1 }).toArray()).map(({ _id }) => _id)
  },

  exportPage: (context, cursor) =>
    exportPage(context, NAME, '_id', cursor, ({ _id, ...agent }) => {
      return { type: 'agent', agentId: _id, ...agent }
    }),

  async importPage(context, items) {
    const documents = items.map(({ type: _, unfit: __, agentId, ...agent }) => ({ _id: agentId, ...agent }))
    await replaceAll(context, NAME, documents)
  },
}
