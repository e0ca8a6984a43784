import { SchemaError } from '@dir/storage-core'
import {
  ATOMIC_CAPABILITIES,
  type StorageDriver,
  importUnfinished,
  runCall,
  runWork,
} from '@dir/storage-core/adapter'
import { beginImport, finishImport, requireImport } from './import.ts'
import { operations } from './operations.ts'
import { MemoryState, stores } from './state.ts'

const capabilities: StorageDriver['capabilities'] = new Set([
  ...ATOMIC_CAPABILITIES,
  'leases',
  'atomically',
  'export',
  'prune',
])

/** `namespace` undefined: a private store. */
export function memoryDriver(namespace: string | undefined): StorageDriver {
  const isolated = new MemoryState()
  let state: MemoryState = isolated
  let initialised = false
  const watchers = new Set<() => void>()
  const tell = (): void => {
    for (const changed of watchers) changed()
  }
  const attach = (create: boolean): void => {
    const existing = namespace === undefined ? (initialised ? isolated : undefined) : stores.get(namespace)
    if (existing === undefined && !create)
      throw new SchemaError('There is no such store, and init: false creates none.', 'none', 'a store')
    state = existing ?? isolated
    if (namespace !== undefined) stores.set(namespace, state)
    initialised = true
    if (watchers.size > 0) state.followers.add(tell)
  }

  return {
    backend: 'memory',
    namespace,
    capabilities,
    async init(create) {
      attach(create)
      if (state.importing !== null) throw importUnfinished()
    },
    read: async (call) => runCall(operations, state, call),
    async write(work) {
      if (work.importTicket !== undefined) requireImport(state, work.importTicket)
      return runWork(operations, state, work)
    },
    health: async () => ({ scope: 'process', durable: false }),
    watch(changed) {
      watchers.add(changed)
      state.followers.add(tell)
      return { isLive: true, stop: () => void watchers.delete(changed) }
    },
    close: async () => void state.followers.delete(tell),
    transfer: {
      counters: async () => ({ seq: state.seq, fence: state.fence }),
      async begin(ticket, create) {
        attach(create)
        beginImport(state, ticket)
      },
      finish: async (ticket, counters) => finishImport(state, ticket, counters),
    },
  }
}
