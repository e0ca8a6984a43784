import type { HandleOptions } from '@dir/storage-core'
import type { Backend } from '../backend.ts'
import { refused } from './acquiring.ts'
import type { Mutant } from './mutant.ts'
import { over } from './over.ts'

/** Opens with other options than those given. */
export function opening(change: (options: HandleOptions) => HandleOptions): (backend: Backend) => Backend {
  return (backend) => ({
    ...backend,
    open: (namespace, options = {}) => backend.open(namespace, change(options)),
  })
}

export const openMutants: readonly Mutant[] = [
  {
    id: 'open-ignores-unknown-options',
    breaks: 'a mistyped option of a handle is ignored',
    from: 'destructuring',
    killedBy: 'handle/options-are-checked',
    wrap: opening((options) => {
      const known = Object.entries(options).filter(([key]) =>
        ['operationTimeoutMs', 'maxValueBytes', 'init', 'numbers'].includes(key),
      )
      return Object.fromEntries(known)
    }),
    witness: async (_, open) => {
      return !(await refused(open({ operationTimeout: 1 })))
    },
  },
  {
    id: 'open-ignores-the-size-limit',
    breaks: 'the limit on the size of a value is the default one, whatever is asked for',
    from: 'an option that is read and not passed on',
    killedBy: 'values/the-size-limit-is-that-of-a-record',
    wrap: opening(({ maxValueBytes: _, ...options }) => options),
    witness: async (_, open) => {
      const handle = await open({ maxValueBytes: 4 })
      return !(await refused(handle.context.setSession('w', '123456')))
    },
  },
  {
    id: 'init-only-once',
    breaks: 'initialising a handle a second time is an error',
    from: 'CREATE TABLE without IF NOT EXISTS',
    killedBy: 'handle/a-closed-handle-refuses-every-call',
    wrap: over((sound) => {
      let initialised = false
      return {
        async init() {
          if (initialised) throw new Error('The schema is there already.')
          initialised = true
          await sound.init()
        },
      }
    }),
    async witness(storage) {
      await storage.init()
      return refused(storage.init())
    },
  },
  {
    id: 'health-names-nobody',
    breaks: 'health does not say which backend it is about',
    from: 'a health check that is always green',
    killedBy: 'handle/health-tells-of-the-backend',
    wrap: over((sound) => ({ health: async () => ({ ...(await sound.health()), backend: '' }) })),
    witness: async (storage) => (await storage.health()).backend === '',
  },
  {
    id: 'export-reformats-json',
    breaks: 'an export holds other bytes of the same JSON',
    from: 'records that are parsed on their way',
    killedBy: 'values/json-text-is-exported-byte-for-byte',
    wrap: over((sound) => ({
      async *exportRecords() {
        for await (const record of sound.exportRecords()) {
          if (record.type === 'agent') yield { ...record, contractJson: reformatted(record.contractJson) }
          else yield record
        }
      },
    })),
    async witness(storage) {
      await storage.agentRegistry.upsertAgent({
        agentId: 'w',
        contractJson: '[ 1 ]',
        priority: 1,
        status: 'ACTIVE',
        agentVersion: null,
        sessionToken: null,
      })
      const records = await Array.fromAsync(storage.exportRecords())
      return records.some((record) => record.type === 'agent' && record.contractJson === '[1]')
    },
  },
]

function reformatted(json: string): string {
  return JSON.stringify(JSON.parse(json))
}
