import { PROTOCOLS, type StorageHandle } from '@dir/storage-core'

const READ = /^(get|list|events|allEvents)/

/** The same storage, for a process that is to die: `beforeWrite` comes ahead of each write, and the write waits for it. */
export function watchWrites(storage: StorageHandle, beforeWrite: () => Promise<void>): StorageHandle {
  const before = <A extends unknown[], T>(write: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      await beforeWrite()
      return write(...args)
    }
  }
  const watched = PROTOCOLS.map((protocol) => {
    const methods = Object.entries(storage[protocol]).map(([name, method]) => [
      name,
      READ.test(name) ? method : before(method),
    ])
    return [protocol, Object.fromEntries(methods)]
  })
  return {
    ...storage,
    ...Object.fromEntries(watched),
    atomically: before((record) => storage.atomically(record)),
  }
}
