import type { Protocol, StorageHandle } from '@dir/storage-core'
import type { Scenario } from '../scenario.ts'
import { HOSTILE_IDS } from './hostile-ids.ts'
import { RECORD_KINDS } from './record-kinds.ts'

interface Removal {
  /** The kind of record that it removes. */
  readonly kind: string
  readonly protocol: Protocol
  readonly method: string
  readonly remove: (storage: StorageHandle, id: string) => Promise<void>
}

const REMOVALS: readonly Removal[] = [
  {
    kind: 'saga/mark',
    protocol: 'saga',
    method: 'clearDirty',
    remove: ({ saga }, id) => saga.clearDirty(id),
  },
  {
    kind: 'intent-retry/count',
    protocol: 'intentRetry',
    method: 'delete',
    remove: ({ intentRetry }, id) => intentRetry.delete(id),
  },
  {
    kind: 'resource-lock/flow',
    protocol: 'resourceLock',
    method: 'release',
    remove: ({ resourceLock }, id) => resourceLock.release(id),
  },
]

/** What is removed by its id, among ids that a pattern would find with it. */
export const scenarios: readonly Scenario[] = REMOVALS.map(({ kind: name, protocol, method, remove }) => ({
  id: `removals/${method}-takes-hostile-ids`,
  title: `${method} removes what has its very id, and nothing that the id would match as a pattern`,
  clause: `${protocol}: every string that the rules allow is an id of its own`,
  level: 'seed',
  protocols: [protocol],
  needs: 'empty',
  asserts: 2,
  async run({ storage, id, assert }) {
    const kind = RECORD_KINDS.find((one) => one.name === name)
    if (kind === undefined) throw new Error(`There is no kind ${name}.`)
    for (const rest of [0, 1]) {
      const other = id('other')
      await Promise.all(HOSTILE_IDS.map((one, n) => kind.write(storage, one, n + 1, other)))
      const removed = HOSTILE_IDS.filter((_, n) => n % 2 === rest)
      await Promise.all(removed.map((one) => remove(storage, one)))
      assert.equal(
        await Promise.all(HOSTILE_IDS.map((one) => kind.read(storage, one, other))),
        HOSTILE_IDS.map((_, n) => (n % 2 === rest ? kind.after() : kind.after(n + 1))),
        'what is left when every other one is removed',
      )
    }
  },
}))
