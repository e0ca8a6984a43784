import { type HandleOptions, PROTOCOLS, type StorageHandle } from '@dir/storage-core'
import type { Backend } from './backend.ts'

/** What a handle may lack that brings only some of the nine. */
export type HandleMember = 'init' | 'close' | 'health' | 'capabilities' | 'atomically' | 'exportRecords'

const MEMBERS = [
  ...PROTOCOLS,
  ...(['backend', 'capabilities', 'init', 'health'] as const),
  ...(['atomically', 'exportRecords', 'importRecords', 'prune'] as const),
]
const standIns = new WeakSet<object>()

/** Opens a handle; a backend that brings only some of the nine may leave out all that concerns the others. */
export async function openBackend(
  backend: Backend,
  namespace: string,
  options?: HandleOptions,
): Promise<StorageHandle> {
  const opened = await backend.open(namespace, options)
  if (backend.protocols === undefined) return opened as StorageHandle
  const nothing = (): Promise<void> => Promise.resolve()
  const capabilities = new Set()
  for (const standIn of [nothing, capabilities]) standIns.add(standIn)
  const given = MEMBERS.filter((name) => opened[name] !== undefined).map((name) => {
    const own: unknown = opened[name]
    return [name, typeof own === 'function' ? (own.bind(opened) as unknown) : own]
  })
  const close = opened.close?.bind(opened) ?? nothing
  return {
    init: nothing,
    backend: backend.name,
    capabilities,
    ...(Object.fromEntries(given) as Partial<StorageHandle>),
    close,
    [Symbol.asyncDispose]: opened[Symbol.asyncDispose]?.bind(opened) ?? close,
  } as unknown as StorageHandle
}

/** Whether a handle has a member of its own, and not what the suite put in its place. */
export function gives(handle: StorageHandle, member: HandleMember): boolean {
  const own: unknown = handle[member]
  return (typeof own === 'function' || typeof own === 'object') && own !== null && !standIns.has(own)
}
