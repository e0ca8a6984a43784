import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { libraryPath, versionOf } from './binaries/binary.ts'
import { redisBinaries } from './binaries/redis.ts'
import { makeHome } from './home.ts'
import { freePort } from './places.ts'
import { type Server, serve } from './server.ts'

/** A Sentinel that watches a Redis and its replicas under the name `main`, and decides alone. */
export async function startRedisSentinel(primary: Pick<Server, 'port'>): Promise<Server> {
  const binary = await redisBinaries()
  const command = path.join(binary.folder, binary.file)
  const env = libraryPath(binary)
  const version = await versionOf(command, env)
  const home = makeHome('redis-sentinel', {})
  const port = await freePort()
  const file = path.join(home.dir, 'sentinel.conf') // a Sentinel writes what it learns into it
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${home.dir}`,
    `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
    // A Sentinel or server that waited for the processor is not to be taken for a server that died.
    'sentinel down-after-milliseconds main 3000',
    'sentinel failover-timeout main 20000',
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  const recipe = {
    title: 'Redis Sentinel',
    command,
    args: [file, '--sentinel'],
    home,
    readyLine: '+monitor master main',
    stopSignal: 'SIGTERM',
    env,
  } as const
  return serve(recipe, { url: `redis://127.0.0.1:${port}`, port, origin: binary.origin, version })
}
