import type { StorageHandle } from '@dir/storage-core'

export interface Backend {
  /** Whether several processes can work on one store, and a later run can find it again. */
  readonly shared: boolean
  /** Opens the store at `place`, a path for backends that keep a file. */
  open(place: string): Promise<StorageHandle>
}

/** Workers wait for one another, on a slow disk for longer than one call usually may. */
const operationTimeoutMs = 30_000

const BACKENDS: Readonly<Record<string, Backend>> = {
  memory: {
    shared: false,
    async open() {
      const { memoryStorage } = await import('@dir/storage-memory')
      return memoryStorage({ operationTimeoutMs })
    },
  },
  sqlite: {
    shared: true,
    async open(place) {
      const { sqliteStorage } = await import('@dir/storage-sqlite')
      return sqliteStorage({ path: place, operationTimeoutMs })
    },
  },
}

export const BACKEND_NAMES: readonly string[] = Object.keys(BACKENDS)

/** The backend of that name, or undefined. */
export function findBackend(name: string): Backend | undefined {
  return Object.hasOwn(BACKENDS, name) ? BACKENDS[name] : undefined
}
