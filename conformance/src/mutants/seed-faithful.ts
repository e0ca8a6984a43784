import { type HandleOptions, SchemaError } from '@dir/storage-core'
import {
  ATOMIC_CAPABILITIES,
  type Call,
  HANDLE_OPTIONS,
  type StorageDriver,
  checkRecord,
  createStorage,
  operationOf,
} from '@dir/storage-core/adapter'
import { type Backend, type Claims, defineBackend } from '../backend.ts'
import { SEED_OPERATIONS } from './seed-operations.ts'
import { SeedStore, pause } from './seed-store.ts'

const stores = new Map<string, SeedStore>()

type Operation = (store: SeedStore, ...args: Call['args']) => unknown

function seedDriver(namespace: string): StorageDriver {
  let store = new SeedStore()
  // One handle does one thing after another, so that only others come between.
  let last: Promise<unknown> = Promise.resolve()
  const run = (call: Call): Promise<unknown> => {
    const answer = last.then(async () => {
      await pause()
      return structuredClone(await operationOf<Operation>(SEED_OPERATIONS, call)(store, ...call.args))
    })
    last = answer.catch(() => {})
    return answer
  }
  return {
    backend: 'seed-faithful',
    capabilities: new Set(ATOMIC_CAPABILITIES),
    async init(create) {
      if (!create && !stores.has(namespace))
        throw new SchemaError('There is no such store.', 'none', 'a store')
      store = stores.get(namespace) ?? store
      stores.set(namespace, store)
    },
    read: run,
    write: (work) => Promise.all(work.calls.map(run)),
    health: async () => ({}),
    close: async () => void (await last),
  }
}

const no = 'the original has nothing of the kind'

const claims: Claims = {
  compareAndSet: true,
  setIfAbsent: true,
  claim: true,
  recordMany: true,
  eventCursor: true,
  capacities: true,
  increment: true,
  budget: true,
  transition: true,
  leases: no,
  atomically: no,
  export: no,
  prune: no,
  processes: no,
  durable: no,
  join: no,
  pythonFile: no,
}

/**
 * A backend of its own that has all atomic verbs, built in the original's order of read, decide and write. It passes
 * level `seed`, and every race must find it out.
 */
export const seedFaithful: Backend = defineBackend({
  name: 'seed-faithful',
  version: '0.0.0',
  claims,
  open: (namespace, options = {}) =>
    createStorage(seedDriver(namespace), checkRecord('options', options, HANDLE_OPTIONS) as HandleOptions),
  destroy: async (namespace) => void stores.delete(namespace),
})

export default seedFaithful
