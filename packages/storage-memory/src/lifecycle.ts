import type { Transition } from '@dir/storage-core'
import { type Operations, type SyncImplementation, conditionalWrite } from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { MemoryState } from './state.ts'
import { now } from './time.ts'

function append({ transitions, transitionsByFlow }: MemoryState, transition: Transition): void {
  transitions.push(transition)
  const flow = transitionsByFlow.get(transition.dfid) ?? []
  transitionsByFlow.set(transition.dfid, flow)
  flow.push(transition)
}

function recordTransition(
  state: MemoryState,
  dfid: string,
  fromStatus: string | null,
  toStatus: string,
): void {
  append(state, { dfid, fromStatus, toStatus, createdAt: now() })
}

const getCurrentStatus = ({ transitionsByFlow }: MemoryState, dfid: string): string | null =>
  transitionsByFlow.get(dfid)?.at(-1)?.toStatus ?? null

export const lifecycle: SyncImplementation<Operations['lifecycle'], MemoryState> = {
  recordTransition,

  getTransitions({ transitions, transitionsByFlow }, dfid) {
    const wanted = dfid === null ? transitions : (transitionsByFlow.get(dfid) ?? [])
    return wanted.map((transition) => ({ ...transition }))
  },

  getCurrentStatus,

  transition: conditionalWrite(
    (state: MemoryState, dfid: string, fromStatus: string | null, _toStatus: string) =>
      getCurrentStatus(state, dfid) === fromStatus,
    (state, dfid, fromStatus, toStatus) => {
      recordTransition(state, dfid, fromStatus, toStatus)
      return true
    },
  ),

  expectStatus: conditionalWrite(
    (state: MemoryState, dfid: string, status: string | null) => getCurrentStatus(state, dfid) === status,
    () => true,
  ),

  exportPage: ({ transitions }) =>
    onePage(
      transitions.map(({ error: _, createdAt, ...transition }) => {
        return { type: 'transition' as const, ...transition, createdAt: createdAt ?? now() }
      }),
    ),

  importPage(state, items) {
    for (const { type: _, unfit: __, ...transition } of items) append(state, transition)
  },
}
