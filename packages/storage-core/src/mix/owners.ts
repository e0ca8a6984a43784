import { UnsupportedError } from '../errors/index.ts'
import { type PruneMember, targetOf } from '../handle/prune-target.ts'
import type { StorageHandle } from '../handle/storage-handle.ts'
import { DEFINITIONS, PROTOCOLS, type Protocol, type StorageBundle } from '../protocols/index.ts'

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

/** The backend that has the flows' statuses, and the others, with what each is to prune. */
export function pruneMembers(owners: Owners): [home: PruneMember, others: readonly PruneMember[]] {
  const protocols = PROTOCOLS.filter((protocol) => DEFINITIONS[protocol].prunes !== undefined)
  const memberOf = (handle: StorageHandle | null): PruneMember => {
    if (handle === null) throw new UnsupportedError('prune', 'A single store of this mix cannot be pruned.')
    const its = protocols.filter((protocol) => owners[protocol] === handle)
    return { target: targetOf(handle), protocols: its }
  }
  const others = new Set(protocols.map((protocol) => owners[protocol]))
  others.delete(owners.lifecycle)
  return [memberOf(owners.lifecycle), [...others].map(memberOf)]
}
