import type { Transition } from '@dir/storage-core'
import {
  type Operations,
  type SyncImplementation,
  conditionalWrite,
  flowPruning,
} from '@dir/storage-core/adapter'
import { onePage } from './export-page.ts'
import type { MemoryState } from './state.ts'
import { isOlder, now } from './time.ts'

function append({ transitions, flows }: MemoryState, transition: Transition): void {
  transitions.add(transition)
  flows.move(transition)
}

function recordTransition(
  state: MemoryState,
  dfid: string,
  fromStatus: string | null,
  toStatus: string,
): void {
  append(state, { dfid, fromStatus, toStatus, createdAt: now() })
}

const getCurrentStatus = ({ flows }: MemoryState, dfid: string): string | null => flows.statusOf(dfid)

export const lifecycle: SyncImplementation<Operations['lifecycle'], MemoryState> = {
  recordTransition,

  getTransitions: ({ transitions }, dfid) => transitions.all(dfid).map((transition) => ({ ...transition })),

  getCurrentStatus,

  flowsPage({ flows }, { status, leastAgeMicros }, cursor) {
    const isOld = isOlder(leastAgeMicros)
    const { items, next } = flows.page(status, cursor, ({ since }) => since === null || isOld(since))
    return { items: items.map((flow) => ({ ...flow })), next }
  },

  transition: conditionalWrite(
    (state: MemoryState, dfid: string, fromStatus: string | null, _toStatus: string) =>
      getCurrentStatus(state, dfid) === fromStatus,
    (state, dfid, fromStatus, toStatus) => {
      recordTransition(state, dfid, fromStatus, toStatus)
      return true
    },
    getCurrentStatus,
  ),

  expectStatus: conditionalWrite(
    (state: MemoryState, dfid: string, status: string | null) => getCurrentStatus(state, dfid) === status,
    () => true,
    getCurrentStatus,
  ),

  pruneFlow: flowPruning<MemoryState>({
    isOver: ({ flows }, dfid, before, status) => {
      const flow = flows.get(dfid)
      return flow?.status === status && flow.since !== null && flow.since < before
    },
    count: ({ transitions }, dfid) => transitions.rows(dfid).length,
    remove: ({ transitions, flows }, dfid) => {
      transitions.removeFlow(dfid)
      flows.remove(dfid)
    },
  }),

  exportPage: ({ transitions }) =>
    onePage(
      transitions.all().map(({ error: _, createdAt, ...transition }) => {
        return { type: 'transition' as const, ...transition, createdAt: createdAt ?? now() }
      }),
    ),

  importPage(state, items) {
    for (const { type: _, unfit: __, ...transition } of items) append(state, transition)
  },
}
