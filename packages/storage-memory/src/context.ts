import type { ContextKind, Operations, SyncImplementation } from '@dir/storage-core/adapter'
import { conditionalWrite } from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { MemoryState } from './state.ts'
import { now } from './time.ts'

function get({ contexts }: MemoryState, kind: ContextKind, id: string): string | null {
  return contexts[kind].get(id)?.dataJson ?? null
}

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
  ),

  expectSession: conditionalWrite(
    (state: MemoryState, dfid: string, expectedJson: string | null) =>
      get(state, 'session', dfid) === expectedJson,
    () => true,
  ),

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
