import './check-node.ts'
import {
  ATOMIC_CAPABILITIES,
  type Capability,
  ConflictError,
  HANDLE_OPTIONS,
  type HandleOptions,
  SchemaError,
  type StorageDriver,
  type StorageHandle,
  type SyncOperations,
  checkNamespace,
  createStorage,
  importTakenOver,
  runCall,
  runWork,
  storeOptions,
} from '@dir/storage-core'
import { agentRegistry } from './agent-registry.ts'
import { context } from './context.ts'
import { decisionAudit } from './decision-audit.ts'
import { escalation } from './escalation.ts'
import { idempotency } from './idempotency.ts'
import { intentRetry } from './intent-retry.ts'
import { lifecycle } from './lifecycle.ts'
import { resourceLock } from './resource-lock.ts'
import { saga } from './saga.ts'
import { MemoryState } from './state.ts'

const operations: SyncOperations<MemoryState> = {
  agentRegistry,
  context,
  idempotency,
  decisionAudit,
  saga,
  resourceLock,
  intentRetry,
  escalation,
  lifecycle,
}

const capabilities: ReadonlySet<Capability> = new Set([
  ...ATOMIC_CAPABILITIES,
  'leases',
  'atomically',
  'export',
])

export interface MemoryStorageOptions extends HandleOptions {
  /** Handles with the same namespace share one store within the process, until `dropNamespace`. Without it, the store is private. */
  readonly namespace?: string
}

const shared = new Map<string, MemoryState>()

/** Storage in the memory of this process: for tests and examples. It keeps every promise but durability, and ends with the process. */
export function memoryStorage(options: MemoryStorageOptions = {}): StorageHandle {
  const known = ['namespace', ...HANDLE_OPTIONS] as const
  const { namespace, ...handleOptions } = storeOptions(options, [], known) as MemoryStorageOptions
  if (namespace !== undefined) checkNamespace('namespace', namespace)
  return createStorage(memoryDriver(namespace), handleOptions)
}

/** Removes a shared store and everything in it; one that is not there is ignored. */
export async function dropNamespace(options: { readonly namespace: string }): Promise<void> {
  const { namespace } = storeOptions(options, [], ['namespace'])
  shared.delete(checkNamespace('namespace', namespace))
}

function memoryDriver(namespace: string | undefined): StorageDriver {
  const isolated = new MemoryState()
  let state: MemoryState = isolated
  let initialised = false
  const attach = (create: boolean): void => {
    const existing = namespace === undefined ? (initialised ? isolated : undefined) : shared.get(namespace)
    if (existing === undefined && !create)
      throw new SchemaError('There is no such store, and init: false creates none.', 'none', 'a store')
    state = existing ?? isolated
    if (namespace !== undefined) shared.set(namespace, state)
    initialised = true
  }
  const requireImport = (ticket: number): void => {
    if (state.importing !== ticket) throw importTakenOver()
  }

  return {
    backend: 'memory',
    capabilities,
    async init(create) {
      attach(create)
      if (state.importing !== null)
        throw new ConflictError('An import into this store is not finished. Run it again to its end first.')
    },
    read: async (call) => runCall(operations, state, call),
    async write(work) {
      if (work.importTicket !== undefined) requireImport(work.importTicket)
      return runWork(operations, state, work)
    },
    health: async () => ({ scope: 'process', durable: false }),
    close: async () => {},
    transfer: {
      counters: async () => ({ seq: state.seq, fence: state.fence }),
      async begin(ticket, create) {
        attach(create)
        if (state.importing === null && !state.isEmpty)
          throw new ConflictError('This store is not empty. Import into a new one, or drop this one first.')
        Object.assign(state, new MemoryState(), { importing: ticket })
      },
      async finish(ticket, counters) {
        requireImport(ticket)
        Object.assign(state, counters, { importing: null })
      },
    },
  }
}
