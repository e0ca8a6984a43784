import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

/** Runs a script on its own connection; answers the rows of a single statement. */
export async function sql(url: string, script: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<Record<string, unknown>>(script)
    return rows
  } finally {
    await client.end()
  }
}

export function newName(): string {
  return `t${randomBytes(6).toString('hex')}`
}

/** A database of its own, made so (`%I` in the script stands for its name), while `act` runs. */
export async function withDatabase(
  server: string,
  script: string,
  act: (url: string) => Promise<void>,
  clause = '',
): Promise<void> {
  const name = newName()
  await sql(server, `CREATE DATABASE ${name} ${clause}`)
  try {
    const url = new URL(server)
    url.pathname = name
    if (script !== '') await sql(url.href, script.replaceAll('%I', name))
    await act(url.href)
  } finally {
    await sql(server, `DROP DATABASE ${name} WITH (FORCE)`)
  }
}
