import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { StorageHandle } from '@dir/storage-core'
import { memoryStorage } from '@dir/storage-memory'
import { dropNamespace as dropMongo, mongoStorage } from '@dir/storage-mongo'
import { dropNamespace as dropPostgres, postgresStorage } from '@dir/storage-postgres'
import { dropNamespace as dropRedis, redisStorage } from '@dir/storage-redis'
import { sqliteStorage } from '@dir/storage-sqlite'
import { type ServerName } from '../../scripts/servers/index.ts'
import { provide } from '../../scripts/servers/provide.ts'
import { mongoByHand } from './by-hand/mongo.ts'
import { postgresByHand } from './by-hand/postgres.ts'
import { redisByHand } from './by-hand/redis.ts'
import { sqliteByHand } from './by-hand/sqlite.ts'
import type { Side } from './workloads.ts'

const [namespace, another] = ['bench', 'bench_other']

export interface Opened {
  readonly storage: StorageHandle
  /** Another store in the same place. */
  readonly other: StorageHandle
  /** What ours says of the server. */
  readonly about: string
  close(): Promise<void>
}

export interface Measured extends Opened {
  readonly byHand: Side
}

interface Made {
  readonly side: Side
  close(): Promise<void> | void
}

interface Place {
  readonly url: string
  readonly namespace: string
}

async function onServer(
  name: ServerName,
  byHandOf: (url: string) => Promise<Made>,
  open: (place: Place) => StorageHandle,
  drop: (place: Place) => Promise<unknown>,
): Promise<Measured> {
  const provided = await provide(name)
  const { url } = provided
  const places = [namespace, another].map((name) => ({ url, namespace: name }))
  for (const place of places) await drop(place)
  const byHand = await byHandOf(url)
  const [storage, other] = places.map(open) as [StorageHandle, StorageHandle]
  const { details } = await storage.health()
  const version = details['server'] ?? details['redisVersion'] ?? details['mongoVersion']
  return {
    byHand: byHand.side,
    storage,
    other,
    about: String(version),
    async close() {
      await Promise.all([storage.close(), other.close()])
      await byHand.close()
      for (const place of places) await drop(place)
      await provided.stop()
    },
  }
}

/** Both sides of each backend, on one server that syncs before it replies: ours, or the one that the environment names. */
export const BACKENDS = {
  sqlite: async (): Promise<Measured> => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dir-storage-bench-'))
    const byHand = sqliteByHand(path.join(folder, 'by-hand.sqlite'))
    const storage = sqliteStorage(path.join(folder, 'ours.sqlite'))
    const other = sqliteStorage(path.join(folder, 'other.sqlite'))
    const { details } = await storage.health()
    return {
      byHand: byHand.side,
      storage,
      other,
      about: `${String(details['sqliteVersion'])}, WAL, synchronous=FULL`,
      async close() {
        await Promise.all([storage.close(), other.close()])
        byHand.close()
        rmSync(folder, { recursive: true })
      },
    }
  },
  postgres: () =>
    onServer('postgres', postgresByHand, (place) => postgresStorage({ ...place, poolSize: 8 }), dropPostgres),
  redis: () => onServer('redis', redisByHand, redisStorage, dropRedis),
  mongo: () => onServer('mongo', mongoByHand, mongoStorage, dropMongo),
} as const

/** The same, and the one that nobody would write by hand. */
export const ALONE: Readonly<Record<string, () => Promise<Opened>>> = {
  memory: async () => {
    const [storage, other] = [memoryStorage(), memoryStorage()]
    const close = async (): Promise<void> => void (await Promise.all([storage.close(), other.close()]))
    return { storage, other, about: 'in this process', close }
  },
  ...BACKENDS,
}

export type BackendName = keyof typeof BACKENDS
