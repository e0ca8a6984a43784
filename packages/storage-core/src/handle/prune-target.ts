import type { Call } from '../adapter/call.ts'
import { UnsupportedError } from '../errors/index.ts'
import type { Protocol } from '../protocols/index.ts'
import type { StorageHandle } from './storage-handle.ts'

/** One backend, to who prunes it. */
export interface PruneTarget {
  call(protocol: Protocol, operation: string, ids: readonly string[], args: readonly unknown[]): Call
  read(call: Call): Promise<unknown>
  write(call: Call): Promise<unknown>
  /** All of them or none; each is a condition. */
  writeTogether(calls: readonly Call[]): Promise<readonly unknown[]>
}

/** A backend, with the protocols that are taken from it. */
export interface PruneMember {
  readonly target: PruneTarget
  readonly protocols: readonly Protocol[]
}

type Prune = StorageHandle['prune']
type Prunable = Pick<StorageHandle, 'backend' | 'capabilities'> & { readonly prune: Prune }

/** By the `prune` of a handle, which stays the same where somebody adds to the handle. */
const targets = new WeakMap<Prune, PruneTarget>()

export function rememberTarget(its: Prune, target: PruneTarget): void {
  targets.set(its, target)
}

/** @throws UnsupportedError where the backend cannot be pruned. */
export function targetOf({ backend, capabilities, prune: its }: Prunable): PruneTarget {
  const target = targets.get(its)
  if (target === undefined || !capabilities.has('prune'))
    throw new UnsupportedError('prune', `${backend} does not have it.`)
  return target
}
