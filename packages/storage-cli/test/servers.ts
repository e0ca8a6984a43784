import type { Backend } from '@dir/storage-conformance'
import type { StorageHandle } from '@dir/storage-core'
import { openBackend } from '../../../conformance/src/open.ts'
import type { ServerName } from '../../../scripts/servers/index.ts'

export async function backendOf(name: ServerName): Promise<Backend> {
  const module = new URL(`../../storage-${name}/test/backend.ts`, import.meta.url)
  const { default: backend } = (await import(module.href)) as { readonly default: Backend }
  return backend
}

export async function openOn(name: ServerName, namespace: string): Promise<StorageHandle> {
  return (await openBackend(await backendOf(name), namespace)) as StorageHandle
}
