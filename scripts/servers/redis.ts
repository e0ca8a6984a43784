import { redisBinaries } from './binaries/redis.ts'
import { libraryPath, versionOf } from './binaries/binaries.ts'
import { freePort, temporaryFolder } from './places.ts'
import { type Server, serve } from './server.ts'

export interface RedisOptions {
  /** Whether a write is on disk before it is confirmed (`appendfsync always`), or never. Default true. */
  readonly durable?: boolean
  /** More settings, as in `{ maxmemory: '50mb' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

export async function startRedis({ durable = true, settings = {} }: RedisOptions = {}): Promise<Server> {
  const { file, folder, origin } = redisBinaries()
  const dir = temporaryFolder('redis')
  const port = await freePort()
  const all = {
    bind: '127.0.0.1',
    port: String(port),
    dir,
    daemonize: 'no',
    save: '',
    appendonly: durable ? 'yes' : 'no',
    appendfsync: 'always',
    ...settings,
  }
  const env = libraryPath(folder)
  const recipe = {
    title: 'Redis',
    command: file,
    args: Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    dir,
    readyLine: 'eady to accept connections',
    stopSignal: 'SIGTERM',
    env,
  } as const
  return serve(recipe, { url: `redis://127.0.0.1:${port}`, port, origin, version: versionOf(file, env) })
}
