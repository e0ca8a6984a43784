import type { AgentExport } from '@dir/storage-core'
import {
  type AgentRegistryWrites,
  type AgentRegistryReads,
  type Implementation,
  type SyncImplementation,
  type Transfer,
  conditionalWrite,
} from '@dir/storage-core/adapter'
import type { MongoContext } from './mongo-context.ts'
import type { AgentDocument } from './documents.ts'
import { exportPage } from './export-page.ts'
import { replaceAll } from './import.ts'
import type { LoadedState } from './loaded-state.ts'
import { hostNow } from './time.ts'
import { needing } from './writing.ts'

const NAME = 'agent_registry'

export const agentRegistryWrites: SyncImplementation<AgentRegistryWrites, LoadedState> = {
  upsertAgent(state, { agentId, ...fields }) {
    const updatedAt = hostNow()
    state.update(NAME, agentId, {
      $set: { ...fields, updatedAt },
      $setOnInsert: { suspensionReason: null, registeredAt: updatedAt },
    })
  },

  updateStatus: needing(
    (wanted, agentId) => wanted.document(NAME, agentId),
    conditionalWrite(
      (state: LoadedState, agentId: string, _status: string, _suspensionReason: string | null) =>
        state.get(NAME, agentId) !== null,
      (state, agentId, status, suspensionReason) => {
        state.update(NAME, agentId, { $set: { status, suspensionReason, updatedAt: hostNow() } })
        return true
      },
    ),
  ),
}

export const agentRegistry: Implementation<AgentRegistryReads & Transfer<AgentExport>, MongoContext> = {
  async getAgent(context, agentId) {
    const found = await context.collection(NAME).findOne({ _id: agentId }, context.options)
    if (found === null) return null
    const { _id, registeredAt: _, updatedAt: __, ...row } = found
    return { agentId: _id, ...row }
  },

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

  agentsPage(context, status, cursor) {
    const match = status === null ? {} : { status }
    const toItem = ({ _id, ...agent }: AgentDocument) => ({ agentId: _id, ...agent })
    return exportPage(context, NAME, ['_id'], cursor, toItem, { match })
  },

  exportPage: (context, cursor) =>
    exportPage(context, NAME, ['_id'], cursor, ({ _id, ...agent }) => {
      return { type: 'agent', agentId: _id, ...agent }
    }),

  async importPage(context, items) {
    const documents = items.map(({ type: _, unfit: __, agentId, ...agent }) => ({ _id: agentId, ...agent }))
    await replaceAll(context, NAME, documents)
  },
}
