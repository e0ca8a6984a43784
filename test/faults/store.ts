import type { HandleOptions, StorageHandle } from '@dir/storage-core'
import { mongoStorage } from '../../packages/storage-mongo/src/index.ts'
import { postgresStorage } from '../../packages/storage-postgres/src/index.ts'
import { redisStorage } from '../../packages/storage-redis/src/index.ts'
import { inMemory } from '../../scripts/servers/setup.ts'
import { type Server, type ServerName, start } from '../../scripts/servers/index.ts'

type Open = (url: string, namespace: string, options?: HandleOptions) => StorageHandle

const OPEN: Readonly<Record<ServerName, Open>> = {
  postgres: (url, namespace, options) => postgresStorage({ url, namespace, ...options }),
  redis: (url, namespace, options) => redisStorage({ url, namespace, ...options }),
  mongo: (url, namespace, options) => mongoStorage({ url, namespace, ...options }),
}

/** A server of our own, and the way to it. */
export interface Store {
  readonly name: ServerName
  readonly server: Server
  readonly open: Open
  /** What becomes of the handle that is tried: itself, or one that breaks its promises. */
  readonly broken: (sound: StorageHandle) => StorageHandle
}

/** Starts a server. What the disk keeps of a power cut is not looked at here: memory does in its place. */
export async function openStore(name: ServerName): Promise<Store> {
  return {
    name,
    server: await start(name, { folder: inMemory() }),
    open: OPEN[name],
    broken: (sound) => sound,
  }
}
