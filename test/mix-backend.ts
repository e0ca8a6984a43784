import { type Backend, defineBackend } from '@dir/storage-conformance/backend'
import { mixStorage } from '@dir/storage-core'
import { dropNamespace, memoryStorage } from '@dir/storage-memory'
import memory from '../packages/storage-memory/test/backend.ts'

/** Two stores in memory, of which each has a part of the nine. */
const backend: Backend = defineBackend({
  ...memory,
  name: 'mix',
  claims: { ...memory.claims, atomically: 'the members come from different backends' },
  open: async (namespace, options) => {
    const rest = memoryStorage({ ...options, namespace })
    const audit = memoryStorage({ ...options, namespace: `${namespace.slice(0, 36)}_2` })
    return mixStorage({ default: rest, decisionAudit: audit, resourceLock: audit })
  },
  destroy: async (namespace) => {
    await dropNamespace({ namespace })
    await dropNamespace({ namespace: `${namespace.slice(0, 36)}_2` })
  },
})
export default backend
