import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import path from 'node:path'
import { postgresBinaries } from './binaries/postgres.ts'
import { versionOf } from './binaries/binaries.ts'
import { freePort, temporaryFolder } from './places.ts'
import { type Server, serve } from './server.ts'
import { ordinaryUser, reachable } from './user.ts'

export interface PostgresOptions {
  /** Whether a commit is on disk before it is confirmed. Default true. */
  readonly durable?: boolean
  /** More settings, as in `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** PostgreSQL with the database and the user `postgres`, which needs no password. */
export async function startPostgres({
  durable = true,
  settings = {},
}: PostgresOptions = {}): Promise<Server> {
  const { folder, origin } = postgresBinaries()
  const user = ordinaryUser()
  const dir = temporaryFolder('postgres', user)
  const bin = path.join(reachable(folder, 'bin/postgres', user, dir), 'bin')
  const data = path.join(dir, 'data')
  const env = { LC_ALL: 'C' }
  createCluster(path.join(bin, 'initdb'), data, { ...user, cwd: dir, env: { ...process.env, ...env } })
  const port = await freePort()
  const sync = durable ? 'on' : 'off'
  const all = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: dir,
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
    dir,
    readyLine: 'database system is ready to accept connections',
    stopSignal: 'SIGINT', // its fast shutdown, which does not wait for clients
    env,
    user,
  } as const
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  return serve(recipe, { url, port, origin, version: versionOf(path.join(folder, 'bin/postgres')) })
}

function createCluster(initdb: string, data: string, options: object): void {
  const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  const { status, stderr, error } = spawnSync(initdb, args, { ...options, encoding: 'utf8' })
  if (status === 0) return
  rmSync(path.dirname(data), { recursive: true, force: true })
  throw new Error(`PostgreSQL did not start: initdb failed: ${error?.message ?? stderr}`)
}
