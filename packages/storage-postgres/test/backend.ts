import { defineBackend } from '@dir/storage-conformance'
import manifest from '../package.json' with { type: 'json' }
import { dropNamespace, postgresStorage } from '../src/index.ts'

export const url: string =
  process.env['STORAGE_POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres'

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
    processes: true,
    durable: true,
    pythonFile: 'PostgreSQL is no file that the Python original opens',
  },
  open: (namespace, options) => postgresStorage({ url, namespace, ...options }),
  destroy: (namespace) => dropNamespace({ url, namespace }),
})
