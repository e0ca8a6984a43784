import { hash } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { CustomTypesConfig, PoolClient, QueryResult } from 'pg'
import type { Row, SqlValue } from './session.ts'

const RAW = { getTypeParser: () => (value: unknown) => value } as unknown as CustomTypesConfig
/** Listens to the errors of a client that is lent. */
export const ignore = (): void => {}

/** The names under which statements are prepared; there is a fixed number of different ones. */
const names = new Map<string, string>()

function nameOf(sql: string): string {
  const name = names.get(sql) ?? `dir_${hash('sha256', sql).slice(0, 32)}`
  names.set(sql, name)
  return name
}

/** A client lent by the pool and listened to, until it is given back or thrown away. */
export class Lease {
  readonly #client: PoolClient
  /** Whether its session keeps statements, so that each has to be parsed only once. */
  readonly #prepares: boolean
  #over = false

  constructor(client: PoolClient, prepares: boolean) {
    this.#client = client
    this.#prepares = prepares
  }

  /** One statement with its values, answered by `deadline`. */
  async query(deadline: number, text: string, values: readonly SqlValue[]): Promise<Row[]> {
    const config = { text, values: [...values], types: RAW, query_timeout: left(deadline) }
    const { rows } = await this.#client.query<Row>(
      this.#prepares ? { ...config, name: nameOf(text) } : config,
    )
    return rows
  }

  /** Statements without values in one message; answers each. */
  async script(deadline: number, text: string): Promise<readonly QueryResult<Row>[]> {
    const config = { text, types: RAW, query_timeout: left(deadline) }
    const answer: QueryResult<Row> | QueryResult<Row>[] = await this.#client.query<Row>(config)
    return Array.isArray(answer) ? answer : [answer]
  }

  /** Whether the server process behind it is the one that it was told of: a pooler tells of itself. */
  async isDirect(deadline: number): Promise<boolean> {
    const [row] = await this.query(deadline, /* sql */ `SELECT pg_backend_pid() AS pid`, [])
    const { processID } = this.#client as unknown as { readonly processID?: number }
    return row?.['pid'] === String(processID)
  }

  /** Gives the client back, in order. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.#client.off('error', ignore)
    this.#client.release()
  }

  /** Throws the client away: who uses it next might get answers to somebody else's questions. */
  destroy(): void {
    if (this.#over) return
    this.#over = true
    this.#client.release(true)
  }
}

function left(deadline: number): number {
  return Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(deadline - performance.now())))
}
