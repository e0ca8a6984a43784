import {
  CAPABILITIES,
  type Call,
  type DriverTransfer,
  type Protocol,
  type StorageDriver,
  TimeoutError,
  type Work,
  WriteQueue,
  WriteScheduler,
  settleBy,
} from '@dir/storage-core'
import { runLocked } from './atomic.ts'
import { AuditBatch } from './audit-batch.ts'
import { PgConnection } from './connection.ts'
import { told } from './failure.ts'
import { LockBatch } from './lock-batch.ts'
import { isLockCall } from './lock-calls.ts'
import { LockNames } from './locks.ts'
import { prepareSchema, refuseUnfinishedImport } from './meta.ts'
import { raiseSequences, readCounters } from './numbers.ts'
import { find } from './operations.ts'
import { OrderedBatch } from './ordered-batch.ts'
import type { PgPool } from './pool.ts'
import { type ServerFacts, judgeServer, judgeTables, locksProof } from './server.ts'
import type { PgTransaction } from './session.ts'
import { beginImport, finishImport } from './transfer.ts'

/** Operations that write in more than one statement. */
const LOCKED: ReadonlySet<string> = new Set(['consumeBudget', 'importPage'])
/** Protocols whose lists are in the order of insertion. */
const ORDERED = ['saga', 'escalation', 'lifecycle'] as const

export class PostgresDriver implements StorageDriver {
  readonly backend = 'postgres'
  readonly capabilities: StorageDriver['capabilities'] = new Set(
    CAPABILITIES.filter((one) => one !== 'pythonFile'),
  )
  readonly #pg: PgConnection
  readonly #names: LockNames
  readonly #namespace: string
  readonly #writes: WriteScheduler
  #facts: ServerFacts | undefined
  #proof = ''

  constructor(pool: PgPool, namespace: string, timeoutMs: number) {
    this.#pg = new PgConnection(pool, namespace, timeoutMs)
    this.#names = new LockNames(namespace)
    this.#namespace = namespace
    const audit = new WriteQueue(new AuditBatch(this.#pg, this.#names.audit))
    const locks = new WriteQueue(new LockBatch(this.#pg, this.#names))
    const execute = (work: Work): Promise<readonly unknown[]> => this.#execute(work)
    const ordered = new Map<Protocol, WriteQueue>(
      ORDERED.map((one) => [one, new WriteQueue(new OrderedBatch(execute))]),
    )
    this.#writes = new WriteScheduler({
      queueOf: (call) => {
        if (call.operation === 'importPage') return null
        if (isLockCall(call)) return locks
        return call.protocol === 'decisionAudit' ? audit : (ordered.get(call.protocol) ?? null)
      },
      execute: (work) => told(execute(work)),
    })
  }

  async init(create: boolean): Promise<void> {
    const deadline = this.#deadline()
    await this.#prepare(create, deadline)
    await told(
      (async () => {
        await refuseUnfinishedImport(this.#pg.session(deadline))
        await raiseSequences(this.#pg, this.#names, deadline)
      })(),
    )
  }

  /** Judges the server and makes the tables ready. */
  #prepare(create: boolean, deadline: number): Promise<void> {
    return told(
      (async () => {
        this.#facts = await judgeServer(this.#pg.session(deadline))
        this.#pg.makeDurable = this.#facts.synchronousCommit === 'off'
        await this.#pg.pool.prepareStatements(deadline)
        this.#proof = await locksProof(this.#pg, deadline)
        await prepareSchema(this.#pg, this.#names, this.#namespace, create, deadline)
        await judgeTables(this.#pg.session(deadline), this.#namespace)
      })(),
    )
  }

  read(call: Call): Promise<unknown> {
    const start = performance.now()
    const act = async (): Promise<unknown> => {
      await this.#writes.earlier(call)
      return told(find(call)(this.#pg.session(call.deadline), ...call.args))
    }
    const late = (): Error => new TimeoutError(performance.now() - start, 'waiting for the store')
    return settleBy(call.deadline, act(), late)
  }

  write(work: Work): Promise<readonly unknown[]> {
    return this.#writes.write(work)
  }

  async health(): Promise<Readonly<Record<string, string | number | boolean>>> {
    const db = this.#pg.session(this.#deadline())
    const facts = await told(judgeServer(db))
    await told(judgeTables(db, this.#namespace))
    return {
      server: facts.version,
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
    await this.#writes.close(graceMs)
    clearTimeout(timer)
    await pool.close(deadline)
  }

  readonly transfer: DriverTransfer = {
    counters: () => told(readCounters(this.#pg.session(this.#deadline()))),
    begin: async (ticket, create) => {
      await this.#prepare(create, this.#deadline())
      await this.#exclusively((db) => beginImport(db, ticket))
    },
    finish: (ticket, counters) => this.#exclusively((db) => finishImport(db, ticket, counters)),
  }

  async #execute(work: Work): Promise<readonly unknown[]> {
    const [call] = work.calls
    if (call === undefined) return []
    if (work.atomic || work.calls.length > 1 || LOCKED.has(call.operation))
      return runLocked(this.#pg, this.#names, work)
    return [await find(call)(this.#pg.session(work.deadline), ...call.args)]
  }

  #exclusively(act: (db: PgTransaction) => Promise<void>): Promise<void> {
    const deadline = this.#deadline()
    const locks = this.#names.plan([this.#names.schema])
    return told(this.#pg.transaction({ deadline, locks, lockWaitMs: this.#pg.timeoutMs }, (db) => act(db)))
  }

  #deadline(): number {
    return performance.now() + this.#pg.timeoutMs
  }
}
