import type { Operations, SyncImplementation } from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { MemoryState } from './state.ts'
import { now } from './time.ts'

export const saga: SyncImplementation<Operations['saga'], MemoryState> = {
  markDirty({ dirtyFlows }, dfid, failedStep, partialStateJson) {
    dirtyFlows.delete(dfid) // so that it moves to the end
    dirtyFlows.set(dfid, { failedStep, partialStateJson, createdAt: now() })
  },

  getDirtyFlows: ({ dirtyFlows }) => [...dirtyFlows.keys()],

  getDirtyState({ dirtyFlows }, dfid) {
    const flow = dirtyFlows.get(dfid)
    return flow === undefined
      ? null
      : { failedStep: flow.failedStep, partialStateJson: flow.partialStateJson }
  },

  clearDirty({ dirtyFlows }, dfid) {
    dirtyFlows.delete(dfid)
  },

  exportPage: ({ dirtyFlows }) =>
    onePage([...dirtyFlows].map(([dfid, flow]) => ({ type: 'dirtyFlow' as const, dfid, ...flow }))),

  importPage({ dirtyFlows }, items) {
    for (const { type: _, dfid, ...flow } of items) dirtyFlows.set(dfid, flow)
  },
}
