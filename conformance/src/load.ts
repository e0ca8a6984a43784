import type { Backend } from './backend.ts'

/** Loads a backend's module. @throws Error that says what is wrong with it. */
export async function loadBackend(url: string): Promise<Backend> {
  const module = (await import(url)) as { default?: Partial<Backend> }
  const backend = module.default
  if (typeof backend?.open !== 'function' || typeof backend.destroy !== 'function')
    throw new Error(
      `${url} has no default export made by defineBackend({ name, version, claims, open, destroy })`,
    )
  return backend as Backend
}
