import type { Backend } from './backend.ts'
import { LIMIT_MS, within } from './limits.ts'

/** Loads a backend's module. @throws Error that says what is wrong with it. */
export async function loadBackend(url: string): Promise<Backend> {
  const module = (await within('Loading the module', LIMIT_MS.load, () => import(url))) as {
    default?: Partial<Backend>
  }
  const backend = module.default
  const { open, destroy, claims } = backend ?? {}
  if (typeof open !== 'function' || typeof destroy !== 'function' || typeof claims !== 'object')
    throw new Error(
      `${url} has no default export made by defineBackend({ name, version, claims, open, destroy })`,
    )
  return backend as Backend
}
