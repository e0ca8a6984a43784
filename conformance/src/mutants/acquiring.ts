import type { ResourceLockStorage } from '@dir/storage-core'
import type { Changes } from './over.ts'

export type Acquire = ResourceLockStorage['acquire']

/** Both acquiring methods, by the one that tells more; what is malformed is refused as ever. */
export function acquiring(sound: ResourceLockStorage, change: Acquire): Pick<Changes, 'resourceLock'> {
  const acquire: Acquire = async (...args) => (malformed(args) ? sound.acquire(...args) : change(...args))
  return { resourceLock: { acquire, acquireBatch: async (...args) => (await acquire(...args)) !== null } }
}

function malformed([dfid, resources, , options = {}]: readonly unknown[]): boolean {
  const isMap = (value: unknown): boolean =>
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((one) => typeof one === 'number' && one >= 0)
  const { capacities = {} } = (options ?? {}) as { capacities?: unknown }
  return typeof dfid !== 'string' || !isMap(resources) || !isMap(capacities)
}

/** The same options with other members. */
export const withoutLease: (options: Parameters<Acquire>[3]) => NonNullable<Parameters<Acquire>[3]> = (
  options = {},
) => {
  const { leaseSec: _, ...rest } = options
  return rest
}

export const refused = (call: Promise<unknown>): Promise<boolean> =>
  call.then(
    () => false,
    () => true,
  )
