import { defineBackend } from '@dir/storage-conformance/backend'
import { CAPABILITIES, type Capability } from '@dir/storage-core'
import { dropNamespace, redisStorage } from '../src/index.ts'
import { stallOf } from '../../../scripts/servers/stall.ts'
import manifest from '../package.json' with { type: 'json' }

export const url: string = process.env['STORAGE_REDIS_URL'] ?? 'redis://127.0.0.1:6379'

const all = Object.fromEntries(CAPABILITIES.map((one) => [one, true])) as Record<Capability, true>

export default defineBackend({
  name: manifest.name,
  version: manifest.version,
  claims: {
    ...all,
    join: 'Redis has no transactions that stay open',
    pythonFile: 'the original keeps nothing in Redis',
  },
  open: (namespace, options) => redisStorage({ url, namespace, ...options }),
  destroy: (namespace) => dropNamespace({ url, namespace }),
  ...stallOf(url),
})
