import type { Capability } from '@dir/storage-core'
import memory from '../../packages/storage-memory/test/backend.ts'
import sqlite from '../../packages/storage-sqlite/test/backend.ts'
import type { Backend } from '../src/backend.ts'
import type { Mutant } from '../src/mutants/mutant.ts'

/** The sound backend that the suite's own tests go by. */
export { memory }

/** The one that a mutant is made of. */
export function soundFor({ capability }: Mutant): Backend {
  return capability === undefined || memory.claims[capability] === true ? memory : sqlite
}

export const MEMORY_URL: string = new URL('../../packages/storage-memory/test/backend.ts', import.meta.url)
  .href

/** As `memory`, claiming everything that is refused otherwise, so that nothing but the given scenarios is run. */
export const complete: Backend = {
  ...memory,
  claims: { ...memory.claims, join: true },
  async open(...given) {
    const handle = await memory.open(...given)
    return { ...handle, capabilities: new Set<Capability>([...(handle.capabilities ?? []), 'join']) }
  },
  openTransaction: () => Promise.reject(new Error('It has none.')),
}
