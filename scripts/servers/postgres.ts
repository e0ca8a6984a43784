import path from 'node:path'
import { versionOf } from './binaries/binary.ts'
import { postgresBinaries } from './binaries/postgres.ts'
import { run } from './binaries/run.ts'
import { makeHome, type Placed } from './home.ts'
import { freePort } from './places.ts'
import { type Server, serve } from './server.ts'
import { ordinaryUser, reachable } from './user.ts'

export interface PostgresOptions extends Placed {
  /** Whether a commit is on disk before it is confirmed. Default true. */
  readonly durable?: boolean
  /** More settings, as in `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** PostgreSQL with the database and the user `postgres`, which needs no password. */
export async function startPostgres({
  durable = true,
  settings = {},
  folder: place,
}: PostgresOptions = {}): Promise<Server> {
  const { folder, origin } = postgresBinaries()
  const version = await versionOf(path.join(folder, 'bin/postgres'))
  const user = ordinaryUser()
  const home = makeHome('postgres', { folder: place }, user)
  const bin = path.join(reachable(folder, 'bin/postgres', user, home.dir), 'bin')
  const data = path.join(home.dir, 'data')
  const env = { ...process.env, LC_ALL: 'C' }
  const cluster = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  try {
    await run(path.join(bin, 'initdb'), cluster, { cwd: home.dir, env, ...user })
  } catch (error) {
    await home.remove()
    throw error
  }
  const port = await freePort()
  const sync = durable ? 'on' : 'off'
  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: home.dir,
    max_connections: '200',
    fsync: sync,
    synchronous_commit: sync,
    full_page_writes: sync,
    ...settings,
  }
  const recipe = {
    title: 'PostgreSQL',
    command: path.join(bin, 'postgres'),
    args: ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    home,
    readyLine: 'database system is ready to accept', // a standby accepts read-only connections
    stopSignal: 'SIGINT', // its fast shutdown, which does not wait for clients
    endSignal: 'SIGINT', // SIGKILL would leave shared memory behind
    env,
    user,
  } as const
  return serve(recipe, { url: `postgresql://postgres@127.0.0.1:${port}/postgres`, port, origin, version })
}
