import path from 'node:path'
import { libraryPath, versionOf } from './binaries/binary.ts'
import { redisBinaries } from './binaries/redis.ts'
import { makeHome, type Placed } from './home.ts'
import { freePort } from './places.ts'
import { type Server, serve } from './server.ts'

export interface RedisOptions extends Placed {
  /** Whether a write is on disk before it is confirmed (`appendfsync always`), or never is. Default true. */
  readonly durable?: boolean
  /** More settings, as in `{ maxmemory: '50mb' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

export async function startRedis({
  durable = true,
  settings = {},
  folder,
}: RedisOptions = {}): Promise<Server> {
  const binary = await redisBinaries()
  const command = path.join(binary.folder, binary.file)
  const env = libraryPath(binary)
  const version = await versionOf(command, env)
  const home = makeHome('redis', { folder })
  const port = await freePort()
  const all = {
    bind: '127.0.0.1',
    port: String(port),
    dir: home.dir,
    daemonize: 'no',
    save: '',
    appendonly: durable ? 'yes' : 'no',
    appendfsync: 'always',
    ...settings,
  }
  const recipe = {
    title: 'Redis',
    command,
    args: Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    home,
    readyLine: 'eady to accept connections', // with a capital R up to version 6
    stopSignal: 'SIGTERM',
    env,
  } as const
  return serve(recipe, { url: `redis://127.0.0.1:${port}`, port, origin: binary.origin, version })
}
