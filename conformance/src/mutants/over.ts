import type { Protocol, StorageBundle, StorageHandle } from '@dir/storage-core'
import type { Atomically } from '@dir/storage-core/adapter'
import type { Backend } from '../backend.ts'
import { openBackend } from '../open.ts'

/** Methods that take the place of a sound handle's; the others stay. */
export type Changes = { readonly [P in Protocol]?: Partial<StorageBundle[P]> } & Partial<
  Omit<StorageHandle, Protocol | 'atomically'>
> & { readonly atomically?: Atomically }

/** Breaks any backend by changing methods of its handles. */
export function over(change: (sound: StorageHandle) => Changes): (backend: Backend) => Backend {
  return overShared(() => null, change)
}

/** As `over`, with something that all handles of one namespace share. */
export function overShared<Shared>(
  create: () => Shared,
  change: (sound: StorageHandle, shared: Shared) => Changes,
): (backend: Backend) => Backend {
  return (backend) => {
    const byNamespace = new Map<string, Shared>()
    return {
      ...backend,
      async open(namespace, options) {
        const sound = await openBackend(backend, namespace, options)
        const shared = byNamespace.get(namespace) ?? create()
        byNamespace.set(namespace, shared)
        return changed(sound, change(sound, shared))
      },
      async destroy(namespace) {
        byNamespace.delete(namespace)
        await backend.destroy(namespace)
      },
    }
  }
}

/** `sound`, but for the members of `changes`: methods are replaced, stores are changed in turn. */
export function changed<T extends object>(sound: T, changes: object): T {
  const wrapped = new Map<PropertyKey, unknown>()
  return new Proxy(sound, {
    get(target, key) {
      if (wrapped.has(key)) return wrapped.get(key)
      const own: unknown = Reflect.get(target, key)
      const change: unknown = Reflect.get(changes, key)
      const value = change === undefined ? bound(own, target) : replaced(own, change)
      wrapped.set(key, value)
      return value
    },
  })
}

function replaced(own: unknown, change: unknown): unknown {
  return typeof change === 'object' && change !== null ? changed(own as object, change) : change
}

/** The methods of a sound handle stay its own. (Not by `bind`: V8 takes no bound function for `await using`.) */
function bound(value: unknown, target: object): unknown {
  return typeof value === 'function'
    ? (...args: unknown[]): unknown => Reflect.apply(value, target, args)
    : value
}
