import { chown, cp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Client } from 'pg'
import { type Server, start } from '../../../scripts/servers/index.ts'
import { sql } from './databases.ts'

/** A primary, and a standby that follows it. */
export interface Pair {
  /** The primary becomes a standby of the other, which becomes the primary; what was committed is on both. */
  switchOver(): Promise<void>
  /** The primary, and the standby. */
  roles(): Promise<readonly [primary: Server, standby: Server]>
  stop(): Promise<void>
}

export async function startPair(): Promise<Pair> {
  const first = await start('postgres')
  const second = await start('postgres')
  await second.kill9()
  await copy(first, second)
  await follow(second, first)
  await second.restart()
  const roles = async (): Promise<readonly [Server, Server]> => {
    const [row] = await sql(first.url, 'SELECT pg_is_in_recovery() AS is_standby')
    return row?.['is_standby'] === true ? [second, first] : [first, second]
  }
  return {
    roles,
    async switchOver() {
      const [primary, standby] = await roles()
      await follow(primary, standby)
      await primary.restart() // its fast shutdown waits until the standby has everything
      await sql(standby.url, 'SELECT pg_promote()')
    },
    async stop() {
      await second.stop()
      await first.stop()
    },
  }
}

const dataOf = ({ dir }: Server): string => path.join(dir, 'data')

/** A base backup: files are copied while the server runs, and it says where to begin. */
async function copy(from: Server, to: Server): Promise<void> {
  const client = new Client({ connectionString: from.url })
  await client.connect()
  const isOld = Number(from.version.split('.')[0]) < 15
  const names = isOld ? ['pg_start_backup', 'pg_stop_backup'] : ['pg_backup_start', 'pg_backup_stop']
  await client.query(`SELECT ${names[0]}('copy', true${isOld ? ', false' : ''})`)
  await rm(dataOf(to), { recursive: true })
  const isLive = (file: string): boolean => /postmaster\.(pid|opts)$/.test(file)
  await cp(dataOf(from), dataOf(to), { recursive: true, filter: (file) => !isLive(file) })
  const { rows } = await client.query<{ labelfile: string }>(
    `SELECT labelfile FROM ${names[1]}(false${isOld ? ', false' : ''})`,
  )
  await writeFile(path.join(dataOf(to), 'backup_label'), rows[0]?.labelfile ?? '')
  await client.end()
  const { uid, gid } = await stat(dataOf(from))
  const files = await readdir(dataOf(to), { recursive: true })
  for (const file of ['.', ...files]) await chown(path.join(dataOf(to), file), uid, gid)
}

async function follow(standby: Server, primary: Server): Promise<void> {
  const { port } = new URL(primary.url)
  await writeFile(path.join(dataOf(standby), 'standby.signal'), '')
  await writeFile(
    path.join(dataOf(standby), 'postgresql.auto.conf'),
    `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres'\n`,
  )
}
