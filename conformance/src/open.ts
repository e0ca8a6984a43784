import type { HandleOptions, StorageHandle } from '@dir/storage-core'
import type { Backend } from './backend.ts'

/** Opens a handle; a backend that brings only some of the nine may leave out all that concerns the others. */
export async function openBackend(
  backend: Backend,
  namespace: string,
  options?: HandleOptions,
): Promise<StorageHandle> {
  const opened = await backend.open(namespace, options)
  if (backend.protocols === undefined) return opened as StorageHandle
  const nothing = (): Promise<void> => Promise.resolve()
  const close = opened.close?.bind(opened) ?? nothing
  return {
    init: nothing,
    backend: backend.name,
    capabilities: new Set(),
    [Symbol.asyncDispose]: close,
    ...opened,
    close,
  } as StorageHandle
}
