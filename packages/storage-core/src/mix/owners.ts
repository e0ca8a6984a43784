import type { StorageHandle } from '../handle/storage-handle.ts'
import type { Protocol, StorageBundle } from '../protocols/index.ts'

/** What a mix knows of a protocol's source: the handle, or null for a single store. */
export type Owners = { readonly [P in Protocol]: StorageHandle | null }

const ownersOf = new WeakMap<object, Owners>()

/** Remembers the sources of a mix. */
export function rememberOwners(mix: StorageBundle, owners: Owners): void {
  ownersOf.set(mix, owners)
}

/** The sources of a bundle that `mixStorage` made; undefined for any other. */
export function mixOwners(bundle: StorageBundle): Owners | undefined {
  return ownersOf.get(bundle)
}
