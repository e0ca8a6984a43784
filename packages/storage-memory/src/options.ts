import type { HandleOptions } from '@dir/storage-core'
import { HANDLE_OPTIONS, checkNamespace, storeOptions } from '@dir/storage-core/adapter'

export interface MemoryStorageOptions extends HandleOptions {
  /** Handles with the same namespace share one store within the process, until `dropNamespace`. Without it, the store is private. */
  readonly namespace?: string
}

export function checkOptions(given: MemoryStorageOptions): MemoryStorageOptions {
  const options = storeOptions(given, [], ['namespace', ...HANDLE_OPTIONS]) as MemoryStorageOptions
  if (options.namespace !== undefined) checkNamespace('namespace', options.namespace)
  return options
}
