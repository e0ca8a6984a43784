import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { libraryPath, versionOf } from './binaries/binary.ts'
import { pgbouncerBinaries } from './binaries/pgbouncer.ts'
import { makeHome } from './home.ts'
import { freePort } from './places.ts'
import { type Server, serve } from './server.ts'
import { ordinaryUser, reachable } from './user.ts'

export interface PgBouncer extends Server {
  /** Asks the admin console, as in `SHOW STATS` or `SHOW SERVERS`. */
  console(command: string): Promise<Record<string, unknown>[]>
}

interface PgBouncerOptions {
  /** To the server; default 2. */
  readonly connections?: number
  /** The most that may connect to it; default 500. */
  readonly clients?: number
  /** Default `transaction`. */
  readonly mode?: 'transaction' | 'statement'
}

/**
 * PgBouncer before a PostgreSQL. In transaction mode each transaction may get another of its few connections, so
 * what a session holds (settings, prepared statements, advisory locks) is gone after it.
 */
export async function startPgBouncer(
  postgresUrl: string,
  { connections = 2, clients = 500, mode = 'transaction' }: PgBouncerOptions = {},
): Promise<PgBouncer> {
  const binary = await pgbouncerBinaries()
  const { folder, file, origin } = binary
  const version = await versionOf(path.join(folder, file), libraryPath(binary))
  const user = ordinaryUser()
  const home = makeHome('pgbouncer', {}, user)
  const within = reachable(folder, file, user, home.dir)
  const env = libraryPath(binary, within)
  const port = await freePort()
  const { hostname, port: postgresPort, pathname, username } = new URL(postgresUrl)
  const name = pathname.slice(1)
  const users = path.join(home.dir, 'users.txt')
  const configuration = path.join(home.dir, 'pgbouncer.ini')
  await writeFile(users, `"${username}" ""\n`)
  await writeFile(
    configuration,
    `[databases]
${name} = host=${hostname} port=${postgresPort} dbname=${name} user=${username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${users}
admin_users = ${username}
pool_mode = ${mode}
default_pool_size = ${connections}
max_client_conn = ${clients}
ignore_startup_parameters = extra_float_digits,options
`,
  )
  const recipe = {
    title: 'PgBouncer',
    command: path.join(within, file),
    args: [configuration],
    home,
    readyLine: 'process up: ',
    stopSignal: 'SIGTERM',
    env,
    user,
  } as const
  const url = `postgresql://${username}@127.0.0.1:${port}/${name}`
  const server = await serve(recipe, { url, port, origin, version })
  const admin = `postgresql://${username}@127.0.0.1:${port}/pgbouncer`
  return Object.assign(server, { console: (command: string) => ask(admin, command) })
}

async function ask(url: string, command: string): Promise<Record<string, unknown>[]> {
  const { Client } = await import('pg')
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(command)
    return rows
  } finally {
    await client.end()
  }
}
