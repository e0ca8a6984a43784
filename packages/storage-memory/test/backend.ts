import { defineBackend } from '@dir/storage-conformance/backend'
import { dropNamespace, memoryStorage } from '../src/index.ts'
import manifest from '../package.json' with { type: 'json' }

const oneProcess = 'a store in memory ends with its process'

export default defineBackend({
  name: manifest.name,
  version: manifest.version,
  claims: {
    compareAndSet: true,
    setIfAbsent: true,
    claim: true,
    recordMany: true,
    eventCursor: true,
    capacities: true,
    increment: true,
    budget: true,
    transition: true,
    leases: true,
    atomically: true,
    export: true,
    prune: true,
    processes: oneProcess,
    durable: oneProcess,
    join: 'there is no client whose transaction could be joined',
    pythonFile: oneProcess,
  },
  open: (namespace, options) => memoryStorage({ namespace, ...options }),
  destroy: (namespace) => dropNamespace({ namespace }),
})
