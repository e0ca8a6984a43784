import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { provide } from '../../../scripts/servers/provide.ts'

export const BACKENDS = ['sqlite', 'postgres'] as const
export type Backend = (typeof BACKENDS)[number]

/** A database of our own, and a folder; both are gone afterwards. */
export async function withPlace<T>(
  backend: Backend,
  use: (database: string, folder: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'refund-desk-'))
  try {
    if (backend === 'sqlite') return await use(path.join(folder, 'refunds.sqlite'), folder)
    return await withPostgres((url) => use(url, folder))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function withPostgres<T>(use: (url: string) => Promise<T>): Promise<T> {
  const server = await provide('postgres')
  const administrator = new Client({ connectionString: server.url })
  try {
    await administrator.connect()
    const name = `refund_desk_${randomBytes(6).toString('hex')}`
    await administrator.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8'`)
    try {
      return await use(Object.assign(new URL(server.url), { pathname: name }).href)
    } finally {
      await administrator.query(`DROP DATABASE ${name} WITH (FORCE)`)
    }
  } finally {
    await administrator.end()
    await server.stop()
  }
}
