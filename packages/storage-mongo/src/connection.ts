import type { Outcome } from '@dir/storage-core'
import { settleBy } from '@dir/storage-core/adapter'
import type { Collection, Db, DbOptions, Document, MongoClient } from 'mongodb'
import type { CollectionName, Documents } from './documents.ts'
import type { Circumstances } from './driver-errors.ts'
import { Failure, withStorageErrors } from './failure.ts'
import { Lasts } from './lasts.ts'
import { Late } from './late.ts'
import { MongoContext } from './mongo-context.ts'
import { Reach } from './reach.ts'
import { droppedMeanwhile, schemaOf } from './migrate.ts'
import { SessionRegister } from './session-register.ts'
import { Transactions } from './transactions.ts'
import { Turns } from './turns.ts'

/** An operation that takes this long may be held up by a transaction that nobody will end. */
const SLOW_MS = 500

const PRESENT_MS = 1_000

/** Over everything that the URL or the client says. */
const PLAIN = {
  readPreference: 'primary',
  writeConcern: { w: 'majority', journal: true },
  promoteValues: true,
  promoteLongs: true,
  promoteBuffers: false,
  bsonRegExp: false,
  useBigInt64: false,
  ignoreUndefined: false,
  serializeFunctions: false,
  fieldsAsRaw: {},
  raw: false,
} as const
const CONCERNS = { ...PLAIN, readConcern: { level: 'majority' } } as DbOptions
/** What is asked of the server itself knows no majority. */
const ADMIN = { ...PLAIN, readConcern: { level: 'local' } } as DbOptions

export interface Place {
  readonly client: MongoClient
  readonly database: string
  readonly namespace: string
}

/** One namespace of one database, and what is known of the way there. */
export class Connection {
  readonly client: MongoClient
  readonly db: Db
  readonly admin: Db
  readonly namespace: string
  readonly sessions: SessionRegister
  readonly transactions: Transactions
  readonly turns = new Turns(this)
  readonly lasts = new Lasts()
  readonly #collections = new Map<CollectionName, Collection>()
  readonly reach: Reach
  #seenAt = -Infinity

  constructor({ client, database, namespace }: Place) {
    this.client = client
    this.db = client.db(database, CONCERNS)
    this.admin = client.db('admin', ADMIN)
    this.reach = Reach.of(client)
    this.namespace = namespace
    this.sessions = new SessionRegister(this)
    this.transactions = new Transactions(this, this.sessions)
  }

  collection<C extends CollectionName>(name: C): Collection<Documents[C]> {
    return this.untyped(name) as unknown as Collection<Documents[C]>
  }

  /** For what treats the documents of all collections alike. */
  untyped(name: CollectionName): Collection {
    const known = this.#collections.get(name) ?? this.db.collection(`${this.namespace}.${name}`, CONCERNS)
    this.#collections.set(name, known)
    return known
  }

  /** One command to the primary itself. */
  ask(command: Document, signal?: AbortSignal): Promise<Document> {
    return this.admin.command(command, { ...PLAIN, ...(signal && { signal }) })
  }

  /**
   * Runs operations under a deadline: whatever they do, the promise settles by then, and nothing further is sent.
   * Rejects with the contract's error, with `outcome` where it is not certain that nothing was written.
   */
  run<T>(deadline: number, outcome: Outcome, act: (context: MongoContext) => Promise<T>): Promise<T> {
    return withStorageErrors(this.#carry(deadline, outcome, act))
  }

  async #carry<T>(
    deadline: number,
    outcome: Outcome,
    act: (context: MongoContext) => Promise<T>,
  ): Promise<T> {
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

  /**
   * Rejects where the namespace was dropped under this handle: the server would quietly make collections without their
   * indexes. Asks once a second. First waits, for a moment, for what may be written by a commit that was given up.
   */
  async present(context: MongoContext): Promise<void> {
    await this.sessions.tried()
    if (performance.now() - this.#seenAt < PRESENT_MS) return
    if ((await schemaOf(context)).version === 0) {
      this.lasts.clear()
      throw droppedMeanwhile()
    }
    this.#seenAt = performance.now()
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
  failure(
    error: unknown,
    start: number,
    unsure: Outcome,
    more: Partial<Pick<Circumstances, 'attempts' | 'inDoubt'>> = {},
  ): Failure {
    if (error instanceof Failure) return error
    const reached = this.reach.since(start)
    const outcome = reached ? unsure : 'not-applied'
    const steady = this.reach.isSteadySince(start)
    return new Failure(error, { outcome, steady, reached, elapsedMs: performance.now() - start, ...more })
  }
}
