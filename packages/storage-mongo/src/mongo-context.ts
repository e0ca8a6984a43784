import type { Instant } from '@dir/storage-core'
import type { ClientSession, Collection } from 'mongodb'
import type { Connection } from './connection.ts'
import type { CollectionName, Documents } from './documents.ts'
import { droppedMeanwhile } from './migrate.ts'
import { SERVER_NOW } from './time.ts'

const MAX_MS = 2 ** 31 - 1

/** How long the server may take of what is left, so that its answer still arrives; in milliseconds. */
export function serverBudget(leftMs: number): number {
  return Math.min(MAX_MS, Math.max(1, Math.floor(leftMs * 0.8 - 50)))
}

/** What each operation of the driver is given. */
export interface OperationOptions {
  readonly session?: ClientSession
  readonly maxTimeMS: number
  readonly signal: AbortSignal
}

/** Where one call runs: alone, or with a session inside that session's transaction. */
export class MongoContext {
  readonly connection: Connection
  readonly deadline: number
  readonly session: ClientSession | undefined
  readonly #signal: AbortSignal

  constructor(connection: Connection, deadline: number, signal: AbortSignal, session?: ClientSession) {
    this.connection = connection
    this.deadline = deadline
    this.session = session
    this.#signal = signal
  }

  collection<C extends CollectionName>(name: C): Collection<Documents[C]> {
    return this.connection.collection(name)
  }

  /** For what treats the documents of all collections alike. */
  untyped(name: CollectionName): Collection {
    return this.connection.untyped(name)
  }

  /** For one operation. */
  get options(): OperationOptions {
    // where its transaction is over already, an operation would run outside it
    this.#signal.throwIfAborted()
    const left = this.deadline - performance.now()
    const options = { maxTimeMS: serverBudget(left), signal: this.#signal }
    return this.session === undefined ? options : { ...options, session: this.session }
  }

  /** For a read of several documents: those of one moment, never half of what one transaction wrote. */
  get ofOneMoment(): OperationOptions & { readonly readConcern?: { readonly level: 'snapshot' } } {
    // a transaction reads of one moment by itself
    return this.session === undefined ? { ...this.options, readConcern: { level: 'snapshot' } } : this.options
  }

  /** The same call outside its transaction, where it sees what others commit meanwhile. */
  get outside(): MongoContext {
    return new MongoContext(this.connection, this.deadline, this.#signal)
  }

  /** The server's clock. */
  async now(): Promise<Instant> {
    const [row] = await this.collection('meta')
      .aggregate<{ now: Instant }>(
        [{ $match: { _id: 'schema_version' } }, { $project: { now: SERVER_NOW } }],
        this.options,
      )
      .toArray()
    if (row === undefined) throw droppedMeanwhile()
    return row.now
  }
}
