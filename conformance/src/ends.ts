import type { StorageHandle } from '@dir/storage-core'
import type { Backend } from './backend.ts'
import { LIMIT_MS, within } from './limits.ts'

/** What ends with a scenario, in this order. */
export interface Ends {
  readonly releases: (() => Promise<void>)[]
  readonly handles: StorageHandle[]
  readonly processes: (() => Promise<void>)[]
  readonly namespaces: string[]
}

/** Closes the handles, ends the processes and removes the namespaces. @returns what went wrong meanwhile. */
export async function finish(
  backend: Backend,
  { releases, handles, processes, namespaces }: Ends,
): Promise<unknown[]> {
  const ended: PromiseSettledResult<unknown>[] = await Promise.allSettled(
    releases.map((release) => release()),
  )
  const close = (handle: StorageHandle) => within('close()', LIMIT_MS.close, async () => handle.close())
  ended.push(...(await Promise.allSettled(handles.map(close))))
  ended.push(...(await Promise.allSettled(processes.map((end) => end()))))
  for (const namespace of namespaces) ended.push(...(await Promise.allSettled([destroy(backend, namespace)])))
  return ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
}

/** The backend's `destroy`, within its time. */
export function destroy(backend: Backend, namespace: string): Promise<void> {
  return within('destroy()', LIMIT_MS.destroy, async () => backend.destroy(namespace))
}
