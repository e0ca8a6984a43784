import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineBackend } from '@dir/storage-conformance/backend'
import BetterSqlite3 from 'better-sqlite3'
import { CAPABILITIES, type Capability } from '@dir/storage-core'
import { dropNamespace, sqliteStorage } from '../src/index.ts'
import manifest from '../package.json' with { type: 'json' }

export const fileOf = (namespace: string): string =>
  join(process.env['DIR_STORAGE_SQLITE_FOLDER'] ?? tmpdir(), `${namespace}.sqlite`)

export default defineBackend({
  name: manifest.name,
  version: manifest.version,
  claims: Object.fromEntries(CAPABILITIES.map((one) => [one, true])) as Record<Capability, true>,
  open: (namespace, options) => sqliteStorage({ path: fileOf(namespace), ...options }),
  destroy: (namespace) => dropNamespace({ path: fileOf(namespace) }),
  async openTransaction(namespace) {
    const client = new BetterSqlite3(fileOf(namespace))
    client.exec('BEGIN IMMEDIATE')
    return {
      client,
      commit: async () => void client.exec('COMMIT'),
      rollback: async () => void client.exec('ROLLBACK'),
      close: async () => void client.close(),
    }
  },
  /** Holds the lock of those who write. */
  async stall(namespace) {
    const holder = new BetterSqlite3(fileOf(namespace))
    holder.exec('BEGIN IMMEDIATE')
    return () => void holder.close()
  },
})
