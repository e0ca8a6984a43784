import { hash } from 'node:crypto'
import { settleBy } from '@dir/storage-core/adapter'
import type { CustomTypesConfig, PoolClient, QueryConfig, QueryResult } from 'pg'
import type { Row, SqlValue } from './session.ts'
import { SessionEnded, WrongConnection, codeOf, isRefusal, tooLate } from './wire.ts'

const RAW = { getTypeParser: () => (value: unknown) => value } as unknown as CustomTypesConfig
/** Listens to the errors of a client that is lent. */
export const ignore = (): void => {}

/** The names under which statements are prepared; there is a fixed number of different ones. */
const names = new Map<string, string>()

/**
 * How a session plans that keeps statements: by an index, in its order. A plan for what a small table costs would go through
 * the whole of a large one, until the server analyses it.
 */
const PLANNING = /* sql */ `SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off`

/** What each client has prepared. */
const prepared = new WeakMap<PoolClient, Set<string>>()

function nameOf(sql: string): string {
  const name = names.get(sql) ?? `dir_${hash('sha256', sql).slice(0, 32)}`
  names.set(sql, name)
  return name
}

/** A client lent by the pool and listened to, until it is given back or thrown away. */
export class Lease {
  readonly client: PoolClient
  /** Whether its session keeps statements, so that each has to be parsed only once. */
  readonly #prepares: boolean
  #over = false

  constructor(client: PoolClient, prepares: boolean) {
    this.client = client
    this.#prepares = prepares
  }

  /** Once for each session that keeps statements, before the first of them. */
  async prepare(deadline: number): Promise<null> {
    if (!this.#prepares || prepared.has(this.client)) return null
    await this.script(deadline, PLANNING)
    prepared.set(this.client, new Set())
    return null
  }

  /** One statement with its values, answered by `deadline`. */
  async query(deadline: number, text: string, values: readonly SqlValue[]): Promise<Row[]> {
    const config = { text, values: [...values], types: RAW }
    if (!this.#prepares) return (await this.#send(deadline, config)).rows
    const name = nameOf(text)
    const known = prepared.get(this.client)
    const isKnown = known?.has(name) === true
    known?.add(name)
    try {
      return (await this.#send(deadline, { ...config, name })).rows
    } catch (error) {
      // it could be run before, so the tables were changed since: the session's plan fits them no more
      throw isKnown && codeOf(error) === '0A000' ? new WrongConnection(error, false) : error
    }
  }

  /** Statements without values in one message; answers each. */
  async script(deadline: number, text: string): Promise<readonly QueryResult<Row>[]> {
    const answer: QueryResult<Row> | QueryResult<Row>[] = await this.#send(deadline, { text, types: RAW })
    return Array.isArray(answer) ? answer : [answer]
  }

  /** Whether the server process behind it is the one that it was told of: a pooler tells of itself. */
  async isDirect(deadline: number): Promise<boolean> {
    const [row] = await this.query(deadline, /* sql */ `SELECT pg_backend_pid() AS pid`, [])
    return row?.['pid'] === String(Reflect.get(this.client, 'processID'))
  }

  /** Gives the client back, in order. */
  end(): void {
    if (this.#over) return
    this.#over = true
    this.client.off('error', ignore)
    this.client.release()
  }

  /** Throws the client away: who uses it next might get answers to somebody else's questions. */
  destroy(): void {
    if (this.#over) return
    this.#over = true
    this.client.release(true)
  }

  /** A refusal is believed once the session is seen to go on: what ends it may have come after the commit. */
  async #send(deadline: number, config: QueryConfig): Promise<QueryResult<Row>> {
    const send = (one: QueryConfig): Promise<QueryResult<Row>> =>
      settleBy(deadline, this.client.query<Row>(one), tooLate)
    try {
      return await send(config)
    } catch (error) {
      if (!isRefusal(error)) throw error
      const isThere = await send({ text: '' }).then(
        () => true,
        () => false,
      )
      throw isThere ? error : new SessionEnded(error)
    }
  }
}
