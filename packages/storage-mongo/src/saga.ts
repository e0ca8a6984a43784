import type { DirtyFlowExport } from '@dir/storage-core'
import type {
  Implementation,
  SagaReads,
  SagaWrites,
  SyncImplementation,
  Transfer,
} from '@dir/storage-core/adapter'
import type { DirtyFlowDocument } from './documents.ts'
import { exportPage } from './export-page.ts'
import type { LoadedState } from './loaded-state.ts'
import type { MongoContext } from './mongo-context.ts'
import { pruningDocument } from './prune.ts'
import { isOlder } from './time.ts'
import { needing } from './writing.ts'

const NAME = 'saga_dirty_state'
/** The server gives each mark a time of its own, later than all before. */
const MARKED = { $currentDate: { marked: { $type: 'timestamp' } } } as const

export const sagaWrites: SyncImplementation<SagaWrites, LoadedState> = {
  markDirty: needing(
    (wanted) => wanted.clock(),
    (state: LoadedState, dfid: string, failedStep: string, partialStateJson: string) => {
      state.update(NAME, dfid, { $set: { failedStep, partialStateJson, createdAt: state.now }, ...MARKED })
    },
  ),

  clearDirty(state, dfid) {
    state.remove(NAME, dfid)
  },

  pruneFlow: pruningDocument(NAME, () => false, { guards: true }),
}

export const saga: Implementation<SagaReads & Transfer<DirtyFlowExport>, MongoContext> = {
  async getDirtyFlows(context) {
    const marked = context.collection(NAME).find({}, { ...context.options, projection: { _id: 1 } })
    return (await marked.sort({ marked: 1 }).toArray()).map(({ _id }) => _id)
  },

  getDirtyState: (context, dfid) =>
    context
      .collection(NAME)
      .findOne(
        { _id: dfid },
        { ...context.options, projection: { _id: 0, failedStep: 1, partialStateJson: 1 } },
      ),

  dirtyFlowsPage(context, leastAgeMicros, cursor) {
    const toItem = ({ _id, marked: _, createdAt, ...flow }: DirtyFlowDocument) => {
      return { dfid: _id, ...flow, markedAt: createdAt }
    }
    const fits = isOlder('$createdAt', leastAgeMicros)
    return exportPage(context, NAME, ['marked'], cursor, toItem, { fits })
  },

  exportPage: (context, cursor) =>
    exportPage(context, NAME, ['marked'], cursor, ({ _id, marked: _, ...flow }) => {
      return { type: 'dirtyFlow', dfid: _id, ...flow }
    }),

  async importPage(context, items) {
    await context.collection(NAME).bulkWrite(
      items.map(({ type: _, unfit: __, dfid, ...flow }) => {
        return { updateOne: { filter: { _id: dfid }, update: { $set: flow, ...MARKED }, upsert: true } }
      }),
      context.options,
    )
  },
}
