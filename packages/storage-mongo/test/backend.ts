import { defineBackend } from '@dir/storage-conformance'
import { CAPABILITIES, type Capability } from '@dir/storage-core'
import { dropNamespace, mongoStorage } from '../src/index.ts'
import manifest from '../package.json' with { type: 'json' }

const url = process.env['STORAGE_MONGO_URL'] ?? ''

const claims = Object.fromEntries(CAPABILITIES.map((one) => [one, true])) as Record<Capability, true>

export default defineBackend({
  name: manifest.name,
  version: manifest.version,
  claims: { ...claims, pythonFile: 'the Python original keeps its data in an SQLite file' },
  open: (namespace, options) => mongoStorage({ url, namespace, ...options }),
  destroy: (namespace) => dropNamespace({ url, namespace }),
})
