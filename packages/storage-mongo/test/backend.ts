import { defineBackend } from '@dir/storage-conformance/backend'
import { MongoClient } from 'mongodb'
import { CAPABILITIES, type Capability } from '@dir/storage-core'
import { dropNamespace, mongoStorage } from '../src/index.ts'
import { stallOf } from '../../../scripts/servers/stall.ts'
import manifest from '../package.json' with { type: 'json' }

export const url: string = process.env['STORAGE_MONGO_URL'] ?? 'mongodb://127.0.0.1:27017'

const all = Object.fromEntries(CAPABILITIES.map((one) => [one, true])) as Record<Capability, true>

export default defineBackend({
  name: manifest.name,
  version: manifest.version,
  claims: { ...all, pythonFile: 'the original keeps nothing in MongoDB' },
  open: (namespace, options) => mongoStorage({ url, namespace, ...options }),
  destroy: (namespace) => dropNamespace({ url, namespace }),
  async openTransaction() {
    const client = new MongoClient(url)
    const session = client.startSession()
    session.startTransaction()
    return {
      client: session,
      commit: () => session.commitTransaction(),
      rollback: () => session.abortTransaction(),
      close: () => client.close(),
    }
  },
  ...stallOf(url),
})
