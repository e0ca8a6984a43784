import { CAPABILITIES, TimeoutError } from '@dir/storage-core'
import {
  type Call,
  CommitQueue,
  type DriverTransfer,
  type JoinedTransaction,
  type StorageDriver,
  type Watching,
  type Work,
  formatMicros,
  settleBy,
} from '@dir/storage-core/adapter'
import { PgConnection } from './connection.ts'
import { withStorageErrors } from './failure.ts'
import { LockNames } from './locks.ts'
import { beginImport, clearImport, finishImport, importPage } from './import.ts'
import { refuseUnfinishedImport } from './meta.ts'
import { Joins } from './join.ts'
import { prepareSchema } from './migrate.ts'
import { raiseSequences, readCounters } from './numbers.ts'
import { readOf } from './operations.ts'
import { MOST_LOCKS } from './planned-work.ts'
import type { PgPool } from './pool.ts'
import { readLacks } from './lacks.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { type ServerFacts, judgeServer, judgeTables, locksProof } from './server.ts'
import type { PgTransaction } from './session.ts'
import { watchEvents } from './watch.ts'
import { Writes } from './writes.ts'

/** More of them in a commit gain little, and need more locks than a server may have for everybody. */
const MOST_WORKS = 256

export class PostgresDriver implements StorageDriver {
  readonly backend = 'postgres'
  readonly namespace: string
  readonly capabilities: StorageDriver['capabilities'] = new Set(
    CAPABILITIES.filter((one) => one !== 'pythonFile'),
  )
  readonly #pg: PgConnection
  readonly #names: LockNames
  readonly #writes: Writes
  readonly #joins: Joins
  readonly #queue: CommitQueue
  #facts: ServerFacts | undefined
  #proof = ''
  #raised: readonly string[] = []

  constructor(pool: PgPool, namespace: string, timeoutMs: number) {
    this.#pg = new PgConnection(pool, namespace, timeoutMs)
    this.#names = new LockNames(namespace)
    this.namespace = namespace
    this.#writes = new Writes(this.#pg, this.#names)
    this.#joins = new Joins(this.#pg, this.#names, this.#writes.onServer)
    this.#queue = new CommitQueue({
      commit: this.#writes.commit,
      prepare: this.#writes.prepare,
      mostWeight: MOST_LOCKS,
      leastMs: 4 * this.#pg.earlyMs,
      mostWorks: MOST_WORKS,
      overlap: true,
      source: this,
    })
  }

  async init(create: boolean): Promise<void> {
    const deadline = this.#deadline()
    await this.#prepare(create, deadline)
    await withStorageErrors(
      (async () => {
        await refuseUnfinishedImport(this.#pg.session(deadline))
        this.#raised = await raiseSequences(this.#pg, this.#names, deadline)
        await this.#joins.identify(deadline)
      })(),
    )
  }

  /** Judges the server and makes the tables ready. */
  #prepare(create: boolean, deadline: number): Promise<void> {
    return withStorageErrors(
      (async () => {
        this.#facts = await judgeServer(this.#pg.session(deadline))
        this.#pg.makeDurable = this.#facts.synchronousCommit === 'off'
        this.#writes.readClock(this.#facts.clockMicros)
        await this.#pg.pool.prepareStatements(deadline)
        this.#proof = await locksProof(this.#pg, deadline)
        await prepareSchema(this.#pg, this.#names, this.namespace, create, deadline)
        await judgeTables(this.#pg.session(deadline), this.namespace)
      })(),
    )
  }

  read(call: Call): Promise<unknown> {
    const start = performance.now()
    const act = async (): Promise<unknown> => {
      await this.#queue.earlier(call)
      return withStorageErrors(readOf(call)(this.#pg.session(call.deadline), ...call.args))
    }
    const late = (): Error => new TimeoutError(performance.now() - start, 'answer')
    return settleBy(call.deadline, act(), late)
  }

  write(work: Work): Promise<readonly unknown[]> {
    // pages of an import follow no other work, and are large
    return work.importTicket === undefined
      ? this.#queue.push(work)
      : withStorageErrors(importPage(this.#pg, work))
  }

  join(client: object): JoinedTransaction {
    return this.#joins.join(client)
  }

  watch(changed: () => void): Watching {
    return watchEvents(this.#pg.pool.pool, this.#names, changed)
  }

  async health(): Promise<Readonly<Record<string, string | number | boolean>>> {
    const db = this.#pg.session(this.#deadline())
    const facts = await withStorageErrors(judgeServer(db))
    await withStorageErrors(judgeTables(db, this.namespace))
    const lacks = await withStorageErrors(readLacks(db, this.namespace))
    return {
      server: facts.version,
      schemaVersion: SCHEMA_VERSION,
      clock: formatMicros(facts.clockMicros),
      ...lacks,
      raisedNumbers: this.#raised.join(', '),
      synchronousCommit:
        facts.synchronousCommit === 'off' ? 'off, turned on for each write' : facts.synchronousCommit,
      fsync: facts.fsync,
      durable: facts.fsync !== 'off',
      locksProved: this.#proof,
      preparedStatements: this.#pg.pool.prepares,
    }
  }

  async close(graceMs: number): Promise<void> {
    const { pool } = this.#pg
    const deadline = performance.now() + graceMs
    // a moment before, so that who had no connection until then is told that nothing was sent
    const timer = setTimeout(() => pool.refuse(), graceMs * 0.95)
    await this.#queue.close(graceMs)
    await this.#writes.forget(deadline)
    clearTimeout(timer)
    await pool.close(deadline)
  }

  readonly transfer: DriverTransfer = {
    counters: () => withStorageErrors(readCounters(this.#pg.session(this.#deadline()))),
    begin: async (ticket, create) => {
      await this.#prepare(create, this.#deadline())
      await this.#exclusively((db) => beginImport(db, ticket))
    },
    clear: (ticket) => this.#exclusively((db) => clearImport(db, ticket)),
    finish: (ticket, counters) => this.#exclusively((db) => finishImport(db, ticket, counters)),
  }

  #exclusively<T>(act: (db: PgTransaction) => Promise<T>): Promise<T> {
    return withStorageErrors(
      this.#pg.transaction({ deadline: this.#deadline(), lock: this.#names.schema }, act),
    )
  }

  #deadline(): number {
    return performance.now() + this.#pg.timeoutMs
  }
}
