import { rename, rm, stat } from 'node:fs/promises'
import { type StorageHandle, mixStorage } from '@dir/storage-core'
import type { ServerName } from '../../../scripts/servers/index.ts'
import { VARIABLES, givenUrl } from '../../../scripts/servers/provide.ts'

/** Where a store is: its file on this machine, its namespace on servers. */
export interface Place {
  readonly file: string
  readonly namespace: string
}

export interface Backend {
  /** Whether several processes can work on one store, and a later run can find it again. */
  readonly shared: boolean
  /** The servers it needs; the environment says where they are. */
  readonly servers: readonly ServerName[]
  open(place: Place): Promise<StorageHandle>
  /** Removes what the store has on servers. */
  drop(place: Place): Promise<void>
  /** Copies the store into a file, in the place of one that is there. */
  keep?(place: Place, file: string): Promise<void>
}

/** Workers wait for one another, on a slow disk for longer than one call usually may. */
const operationTimeoutMs = 30_000
const onServerTimeoutMs = 10_000

const nothing = async (): Promise<void> => {}

const memory: Backend = {
  shared: false,
  servers: [],
  async open() {
    const { memoryStorage } = await import('@dir/storage-memory')
    return memoryStorage({ operationTimeoutMs })
  },
  drop: nothing,
}

const sqlite: Backend = {
  shared: true,
  servers: [],
  async open({ file }) {
    const { sqliteStorage } = await import('@dir/storage-sqlite')
    return sqliteStorage({ path: file, operationTimeoutMs })
  },
  drop: nothing,
  async keep(place, file) {
    const log = await stat(`${file}-wal`).catch(() => null)
    // what it holds belongs to the file that is there, and would be read into another
    if (log !== null && log.size > 0)
      throw new Error(`Another program writes to ${file}, so it is not replaced: end that one first.`)
    const { sqliteStorage } = await import('@dir/storage-sqlite')
    await using storage = sqliteStorage({ path: place.file, operationTimeoutMs })
    const copy = `${file}.new`
    await rm(copy, { force: true })
    await storage.backup(copy)
    await rename(copy, file)
  },
}

const postgres = onServer('postgres', async () => {
  const { postgresStorage, dropNamespace } = await import('@dir/storage-postgres')
  return { open: postgresStorage, drop: dropNamespace }
})

const redis = onServer('redis', async () => {
  const { redisStorage, dropNamespace } = await import('@dir/storage-redis')
  return { open: redisStorage, drop: dropNamespace }
})

const mongo = onServer('mongo', async () => {
  const { mongoStorage, dropNamespace } = await import('@dir/storage-mongo')
  return { open: mongoStorage, drop: dropNamespace }
})

/** All of them at once. What a flow commits together is on PostgreSQL; the rest is wherever it likes. */
const mix: Backend = {
  shared: true,
  servers: ['postgres', 'redis', 'mongo'],
  async open(place) {
    const [inPostgres, inRedis, inMongo, inSqlite] = await Promise.all([
      postgres.open(place),
      redis.open(place),
      mongo.open(place),
      sqlite.open(place),
    ])
    return mixStorage({
      decisionAudit: inPostgres,
      lifecycle: inPostgres,
      resourceLock: inPostgres,
      intentRetry: inRedis,
      escalation: inRedis,
      context: inMongo,
      default: inSqlite,
    })
  },
  async drop(place) {
    await Promise.all([postgres, redis, mongo].map((one) => one.drop(place)))
  },
}

const BACKENDS: Readonly<Record<string, Backend>> = { memory, sqlite, postgres, redis, mongo, mix }

export const BACKEND_NAMES: readonly string[] = Object.keys(BACKENDS)

/** The backend of that name, or undefined. */
export function findBackend(name: string): Backend | undefined {
  return Object.hasOwn(BACKENDS, name) ? BACKENDS[name] : undefined
}

/** The backend of a name that was checked before. */
export function backendOf(name: string): Backend {
  const found = findBackend(name)
  if (found === undefined) throw new Error(`There is no backend "${name}".`)
  return found
}

interface ServerStorage {
  open(options: Namespace & { readonly operationTimeoutMs: number }): StorageHandle
  drop(options: Namespace): Promise<void>
}

interface Namespace {
  readonly url: string
  readonly namespace: string
}

function onServer(name: ServerName, load: () => Promise<ServerStorage>): Backend {
  const locate = (namespace: string): Namespace => {
    const url = givenUrl(name)
    if (url === undefined) throw new Error(`${VARIABLES[name]} is not set.`)
    return { url, namespace }
  }
  return {
    shared: true,
    servers: [name],
    open: async ({ namespace }) =>
      (await load()).open({ ...locate(namespace), operationTimeoutMs: onServerTimeoutMs }),
    drop: async ({ namespace }) => (await load()).drop(locate(namespace)),
  }
}
