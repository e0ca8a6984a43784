import { InvalidArgumentError, type Outcome, ResourceContentionError, TimeoutError } from '@dir/storage-core'
import type { JoinedTransaction, Work } from '@dir/storage-core/adapter'
import { commitArguments } from './commit-arguments.ts'
import type { PgConnection } from './connection.ts'
import { Failure } from './failure.ts'
import { type RunJoined, runOn } from './joined-client.ts'
import type { LockNames } from './locks.ts'
import { readOf } from './operations.ts'
import { type PlannedWork, type Reply, planWork, toResults } from './planned-work.ts'
import { type PgSession, type Row, type SqlValue, text } from './session.ts'
import {
  PASSED_DEADLINE,
  TOO_MANY_LOCKS,
  WRONG_ISOLATION,
  codeOf,
  isLockTimeout,
  isUnanswered,
} from './wire.ts'

/** Marks a transaction as open. By itself, outside of one, it has no effect that lasts. */
const MARK = /* sql */ `SELECT set_config('dir_storage.joined', 'on', true) AS answer`
const IS_MARKED = /* sql */ `(current_setting('dir_storage.joined', true) IS NOT DISTINCT FROM 'on')`

/**
 * `commit_works` inside somebody else's transaction; null where none is marked. What it raises undoes only itself, and is answered; the wait for
 * locks is the caller's own again afterwards.
 */
export function joinFunction(namespace: string): string {
  return /* sql */ `
CREATE OR REPLACE FUNCTION "${namespace}".join_works(
  settings JSONB, keys BIGINT[], resources TEXT[], flows TEXT[], deadlines BIGINT[], waves JSONB
) RETURNS TEXT LANGUAGE plpgsql VOLATILE SECURITY INVOKER
SET search_path = "${namespace}", pg_temp SET lock_timeout = 0
AS $join$
BEGIN
  IF NOT ${IS_MARKED} THEN RETURN NULL; END IF;
  RETURN commit_works(NULL, NULL, NULL, settings, keys, resources, flows, NULL, deadlines, waves)::TEXT;
EXCEPTION WHEN OTHERS THEN
  RETURN jsonb_build_object('code', SQLSTATE)::TEXT;
END $join$;
`
}

/** Tells stores apart: what it names is there once, on one server. */
const IDENTITY = /* sql */ `SELECT concat_ws(' ', (extract(epoch FROM pg_postmaster_start_time()) * 1e6)::BIGINT, d.oid, c.oid) AS answer
  FROM pg_database AS d, pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE d.datname = current_database() AND n.nspname = $1 AND c.relname = 'meta'`

/** Joins transactions of the application to one handle's store. */
export class Joins {
  readonly #pg: PgConnection
  readonly #names: LockNames
  readonly #onServer: (moment: number) => number
  #identity = ''
  /** The clients that lead to this store. */
  readonly #known = new WeakSet<object>()

  constructor(pg: PgConnection, names: LockNames, onServer: (moment: number) => number) {
    this.#pg = pg
    this.#names = names
    this.#onServer = onServer
  }

  /** Before the first transaction: where these hold all connections of a pool, none would be free to ask. */
  async identify(deadline: number): Promise<void> {
    const [row] = await this.#pg.session(deadline).read(IDENTITY, this.#namespace)
    this.#identity = text(row, 'answer')
  }

  get #namespace(): string {
    return this.#pg.schema.slice(1, -2)
  }

  join(client: object): JoinedTransaction {
    const run = runOn(client)
    return {
      read: (call) =>
        this.#toldAs('not-applied', async () => {
          await this.#check(client, run, call.deadline)
          return readOf(call)(sessionOn(inside(run), this.#pg.schema), ...call.args)
        }),
      write: (work) =>
        this.#toldAs('unknown', async () => {
          await this.#check(client, run, work.deadline)
          return this.#write(inside(run), work, planWork(work, this.#names))
        }),
    }
  }

  async #check(client: object, run: RunJoined, deadline: number): Promise<void> {
    if (this.#known.has(client)) return
    const theirs = await run(IDENTITY, [this.#namespace])
    if (theirs !== this.#identity) await this.identify(deadline) // the server may have been started again
    if (theirs !== this.#identity)
      throw new InvalidArgumentError('client', 'is connected to another database than this handle')
    this.#known.add(client)
  }

  async #write(run: RunJoined, work: Work, planned: PlannedWork): Promise<readonly unknown[]> {
    const start = performance.now()
    // a moment before, so that the refusal arrives in time
    const patience = (work.accessDeadline ?? work.deadline - 4 * this.#pg.earlyMs) - start
    const given = commitArguments([planned], Math.max(1, patience), this.#pg.makeDurable, this.#onServer)
    const { settings, keys, resources, flows, deadlines, waves } = given
    const answer = await run(
      /* sql */ `SELECT ${this.#pg.schema}join_works($1, $2, $3, $4, $5, $6) AS answer`,
      [JSON.stringify(settings), keys, resources, flows, deadlines, waves],
    )
    const told = JSON.parse(String(answer)) as Reply | { readonly code: string }
    if ('code' in told) {
      if (told.code === TOO_MANY_LOCKS && !planned.isWhole)
        return this.#write(run, work, { ...planned, isWhole: true })
      if (isLockTimeout(told) && work.accessDeadline !== null && !work.atomic) return [null]
      throw new Failure({ ...told, routine: 'join_works' }, 'not-applied').after(1, performance.now() - start)
    }
    const [result] = toResults(told, [planned])
    if (result === null) throw new TimeoutError(performance.now() - start, 'answer')
    if (typeof result !== 'object') throw new ResourceContentionError(1)
    if ('error' in result) throw result.error
    return result.answers
  }

  /** What failed inside a transaction that its owner has not committed is not applied; what is `unanswered` may be yet. */
  async #toldAs<T>(unanswered: Outcome, act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (error) {
      const code = codeOf(error instanceof Failure ? error.cause : error)
      if (code === '25P02')
        throw new InvalidArgumentError('client', 'has a transaction that failed before: roll it back')
      if (code === WRONG_ISOLATION)
        throw new InvalidArgumentError(
          'client',
          'has a transaction that does not see what others commit meanwhile: begin it as READ COMMITTED',
        )
      if (code === PASSED_DEADLINE) throw new TimeoutError(this.#pg.timeoutMs, 'answer')
      if (error instanceof Failure) throw error.toError()
      throw new Failure(error, isUnanswered(error) ? unanswered : 'not-applied').toError()
    }
  }
}

/**
 * Runs only what finds its transaction marked, and marks one that is not: a client need not tell whether one is open, and
 * it may be committed before what was called in it arrives.
 */
function inside(run: RunJoined): RunJoined {
  return async (text, values) => {
    const answer = await run(text, values)
    if (answer !== null) return answer
    await run(MARK, [])
    const again = await run(text, values)
    if (again !== null) return again
    throw new InvalidArgumentError('client', 'has no open transaction: run BEGIN on it before')
  }
}

/** Reads on a connection whose parsers are not ours: rows come as one text, all of their values as texts in it. */
function sessionOn(run: RunJoined, schema: string): PgSession {
  return {
    schema,
    async read(sql: string, ...values: SqlValue[]): Promise<Row[]> {
      const row = /* sql */ `SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(to_jsonb(listed))`
      const answer = await run(
        /* sql */ `SELECT CASE WHEN ${IS_MARKED} THEN
          (SELECT coalesce(jsonb_agg((${row})), '[]')::TEXT FROM (${sql}) AS listed) END AS answer`,
        values,
      )
      return JSON.parse(String(answer)) as Row[]
    },
  }
}
