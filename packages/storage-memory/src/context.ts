import type { ContextKind, Operations, SyncImplementation } from '@dir/storage-core/adapter'
import { conditionalWrite, flowPruning } from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { MemoryState } from './state.ts'
import { now } from './time.ts'

function get({ contexts }: MemoryState, kind: ContextKind, id: string): string | null {
  return contexts[kind].get(id)?.dataJson ?? null
}

const found = (state: MemoryState, kind: ContextKind, id: string): string | null =>
  get(state, kind, id) === null ? null : 'other'

function set({ contexts }: MemoryState, kind: ContextKind, id: string, dataJson: string): void {
  contexts[kind].set(id, { dataJson, updatedAt: now() })
}

export const context: SyncImplementation<Operations['context'], MemoryState> = {
  get,
  set,

  compareAndSet: conditionalWrite(
    (state: MemoryState, kind: ContextKind, id: string, expectedJson: string | null, _dataJson: string) =>
      get(state, kind, id) === expectedJson,
    (state, kind, id, _expectedJson, dataJson) => {
      set(state, kind, id, dataJson)
      return true
    },
    found,
  ),

  expectSession: conditionalWrite(
    (state: MemoryState, dfid: string, expectedJson: string | null) =>
      get(state, 'session', dfid) === expectedJson,
    () => true,
    (state, dfid) => found(state, 'session', dfid),
  ),

  pruneFlow: flowPruning<MemoryState>({
    count: ({ contexts }, dfid) => Number(contexts.session.has(dfid)),
    remove: ({ contexts }, dfid) => contexts.session.delete(dfid),
  }),

  exportPage: ({ contexts }) =>
    onePage(
      (['session', 'state'] as const).flatMap((type) =>
        [...contexts[type]].map(([id, row]) => ({ type, id, ...row })),
      ),
    ),

  importPage({ contexts }, items) {
    for (const { type, id, dataJson, updatedAt } of items) contexts[type].set(id, { dataJson, updatedAt })
  },
}
