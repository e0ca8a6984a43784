import { defineBackend } from '@dir/storage-conformance/backend'
import pg from 'pg'
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
    join: true,
    export: true,
    prune: true,
    processes: true,
    durable: true,
    pythonFile: 'PostgreSQL is no file that the Python original opens',
  },
  open: (namespace, options) => postgresStorage({ url, namespace, ...options }),
  destroy: (namespace) => dropNamespace({ url, namespace }),
  async openTransaction() {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query('BEGIN')
    return {
      client,
      commit: async () => void (await client.query('COMMIT')),
      rollback: async () => void (await client.query('ROLLBACK')),
      close: () => client.end(),
    }
  },
  /** Keeps everybody from the tables of one namespace, and from nothing else. */
  async stall(namespace) {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<{ name: string }>(
      /* sql */ `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = $1`,
      [namespace],
    )
    await client.query('BEGIN')
    await client.query(
      /* sql */ `LOCK TABLE ${rows.map(({ name }) => name).join(', ')} IN ACCESS EXCLUSIVE MODE`,
    )
    return () => client.end()
  },
})
