import type { Operations, SyncImplementation } from '@dir/storage-core/adapter'
import { flowPruning } from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { MemoryState } from './state.ts'
import { isOlder, now } from './time.ts'

export const saga: SyncImplementation<Operations['saga'], MemoryState> = {
  markDirty({ dirtyFlows }, dfid, failedStep, partialStateJson) {
    dirtyFlows.add({ dfid, failedStep, partialStateJson, createdAt: now() })
  },

  getDirtyFlows: ({ dirtyFlows }) => dirtyFlows.all().map(({ dfid }) => dfid),

  getDirtyState({ dirtyFlows }, dfid) {
    const flow = dirtyFlows.get(dfid)
    return flow === undefined
      ? null
      : { failedStep: flow.failedStep, partialStateJson: flow.partialStateJson }
  },

  clearDirty({ dirtyFlows }, dfid) {
    dirtyFlows.remove(dfid)
  },

  dirtyFlowsPage({ dirtyFlows }, leastAgeMicros, cursor) {
    const isOld = isOlder(leastAgeMicros)
    const { items, next } = dirtyFlows.page(cursor, ({ createdAt }) => isOld(createdAt))
    return { items: items.map(({ createdAt, ...flow }) => ({ ...flow, markedAt: createdAt })), next }
  },

  pruneFlow: flowPruning<MemoryState>({
    isOver: ({ dirtyFlows }, dfid) => dirtyFlows.get(dfid) === undefined,
  }),

  exportPage: ({ dirtyFlows }) =>
    onePage(dirtyFlows.all().map((flow) => ({ type: 'dirtyFlow' as const, ...flow }))),

  importPage({ dirtyFlows }, items) {
    for (const { type: _, ...flow } of items) dirtyFlows.add(flow)
  },
}
