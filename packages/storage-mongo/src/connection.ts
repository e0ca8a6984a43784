import { type Outcome, settleBy } from '@dir/storage-core'
import {
  type Collection,
  type Db,
  type DbOptions,
  type MongoClient,
  ReadConcern,
  type TopologyDescriptionChangedEvent,
  WriteConcern,
} from 'mongodb'
import type { CollectionName, Documents } from './documents.ts'
import { DenseLog } from './dense-log.ts'
import { Failure, Late, told } from './failure.ts'
import { MongoContext } from './mongo-context.ts'
import { SessionRegister } from './session-register.ts'
import { Transactions } from './transactions.ts'

/** An operation that takes this long may be held up by a transaction that nobody will end. */
const SLOW_MS = 1_000

/** Over everything that the URL or the client says. */
const CONCERNS = {
  readPreference: 'primary',
  readConcern: new ReadConcern('majority'),
  writeConcern: new WriteConcern('majority', undefined, true),
  promoteValues: true,
  promoteLongs: true,
  promoteBuffers: false,
  useBigInt64: false,
  ignoreUndefined: false,
  raw: false,
} satisfies DbOptions

export interface Place {
  readonly client: MongoClient
  readonly database: string
  readonly namespace: string
}

/** One namespace of one database, and what is known of the way there. */
export class Connection {
  readonly client: MongoClient
  readonly db: Db
  readonly namespace: string
  readonly sessions: SessionRegister
  readonly transactions: Transactions
  readonly audit: DenseLog<'decision_audit_events'> = new DenseLog('decision_audit_events')
  readonly lifecycle: DenseLog<'lifecycle_transitions'> = new DenseLog('lifecycle_transitions')
  readonly #collections = new Map<CollectionName, Collection>()
  #reached = false
  #foundAt = 0
  #lostAt = 0
  readonly #watch = ({ newDescription }: TopologyDescriptionChangedEvent): void => {
    const isReached = [...newDescription.servers.values()].some((server) => server.isWritable)
    if (isReached !== this.#reached) this.reached = isReached
  }

  constructor({ client, database, namespace }: Place) {
    this.client = client
    this.db = client.db(database, CONCERNS)
    this.namespace = namespace
    this.sessions = new SessionRegister(this)
    this.transactions = new Transactions(this, this.sessions)
    client.on('topologyDescriptionChanged', this.#watch)
  }

  collection<C extends CollectionName>(name: C): Collection<Documents[C]> {
    const known = this.#collections.get(name) ?? this.db.collection(`${this.namespace}.${name}`, CONCERNS)
    this.#collections.set(name, known)
    return known as unknown as Collection<Documents[C]>
  }

  /** A server that takes writes is known from now on, or none is any more. */
  set reached(reached: boolean) {
    this.#reached = reached
    if (reached) this.#foundAt = performance.now()
    else this.#lostAt = performance.now()
  }

  /** Somebody else may have appended. */
  forget(): void {
    this.audit.forget()
    this.lifecycle.forget()
  }

  detach(): void {
    this.client.off('topologyDescriptionChanged', this.#watch)
  }

  /**
   * Runs operations under a deadline: whatever they do, the promise settles by then, and nothing further is sent.
   * Rejects with the contract's error, with `outcome` where it is not certain that nothing was written.
   */
  run<T>(deadline: number, outcome: Outcome, act: (context: MongoContext) => Promise<T>): Promise<T> {
    return told(this.carry(deadline, outcome, act))
  }

  /** `run`, rejecting with a `Failure`. */
  async carry<T>(deadline: number, outcome: Outcome, act: (context: MongoContext) => Promise<T>): Promise<T> {
    const start = performance.now()
    const abort = new AbortController()
    try {
      const context = new MongoContext(this, deadline, abort.signal)
      return await this.watched(settleBy(deadline, act(context), () => new Late()))
    } catch (error) {
      abort.abort()
      throw this.failure(error, start, outcome)
    }
  }

  /** While it takes long, looks whether a transaction that nobody will end is in the way. */
  async watched<T>(promise: Promise<T>): Promise<T> {
    const slow = setInterval(() => void this.sessions.endAbandoned().catch(() => {}), SLOW_MS)
    try {
      return await promise
    } finally {
      clearInterval(slow)
    }
  }

  /** What `error` means for something that began at `start`; `unsure` where it may have been written. */
  failure(error: unknown, start: number, unsure: Outcome, attempts = 1): Failure {
    if (error instanceof Failure) return error
    // where no server was known all the time, the driver cannot have sent anything
    const wasReached = this.#reached || this.#lostAt > start
    const outcome = wasReached ? unsure : 'not-applied'
    const steady = this.#reached && this.#foundAt <= start
    return new Failure(error, { outcome, steady, elapsedMs: performance.now() - start, attempts })
  }
}
