import { ResourceContentionError, TimeoutError, settleBy } from '@dir/storage-core'
import { type ClientSession, MongoError } from 'mongodb'
import type { Connection } from './connection.ts'
import { MongoContext } from './mongo-context.ts'
import { hasLabel, isTransient } from './errors.ts'
import type { SessionRegister } from './session-register.ts'

/** How long before its deadline a transaction must be ready to commit. */
const COMMIT_MS = 20
const ABORT_MS = 200

const TRANSACTION = {
  readPreference: 'primary',
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
} as const

/** A pause with full jitter, longer with each attempt, so that writers that were in each other's way part. */
export function pause(attempt: number): Promise<void> {
  const most = Math.min(50, 5 * 2 ** Math.min(attempt, 4))
  return new Promise((resolve) => setTimeout(resolve, Math.random() * most))
}

/** What a transaction rejects with, from inside, to be run again. */
export function conflict(): MongoError {
  const error = new MongoError('what was judged has changed')
  error.addErrorLabel('TransientTransactionError')
  return error
}

/** Runs transactions of one connection. None is committed after its deadline. */
export class Transactions {
  readonly #connection: Connection
  readonly #sessions: SessionRegister

  constructor(connection: Connection, sessions: SessionRegister) {
    this.#connection = connection
    this.#sessions = sessions
  }

  /** Runs `body` in a transaction, again and again while others are in its way, until its deadline. */
  async run<T>(deadline: number, body: (context: MongoContext) => Promise<T>): Promise<T> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await this.attempt(deadline, body)
      } catch (error) {
        if (!isTransient(error)) throw error
        await pause(attempts)
        if (performance.now() < deadline - COMMIT_MS) continue
        const refusal = this.#connection.mapped(error, -Infinity, 'not-applied')
        throw refusal instanceof ResourceContentionError
          ? new ResourceContentionError(attempts, { cause: error })
          : refusal
      }
    }
  }

  /** Runs `body` once; where others were in its way it rejects with the driver's own error, `isTransient`. */
  async attempt<T>(deadline: number, body: (context: MongoContext) => Promise<T>): Promise<T> {
    const start = performance.now()
    const abort = new AbortController()
    const late = (): TimeoutError => new TimeoutError(performance.now() - start, 'in a transaction')
    const session = await settleBy(deadline, this.#sessions.take(), late)
    let isFree = true
    try {
      session.startTransaction({ ...TRANSACTION, maxCommitTimeMS: Math.max(1, Math.ceil(deadline - start)) })
      const context = new MongoContext(this.#connection, deadline, abort.signal, session)
      const answer = await settleBy(deadline - COMMIT_MS, body(context), late)
      isFree = false
      await this.#commit(session, deadline)
      isFree = true
      return answer
    } catch (error) {
      abort.abort()
      if (session.inTransaction()) isFree = await aborted(session)
      if (isTransient(error)) throw error
      throw this.#connection.mapped(error, start, 'not-applied')
    } finally {
      if (isFree) this.#sessions.giveBack(session)
      else void session.endSession().catch(() => {})
    }
  }

  /** Sends the commit until its result is known; from here on a failure is `unknown`. */
  async #commit(session: ClientSession, deadline: number): Promise<void> {
    const start = performance.now()
    for (let attempts = 1; ; attempts++) {
      try {
        return await settleBy(deadline, session.commitTransaction(), () => {
          return new TimeoutError(performance.now() - start, 'committing', { outcome: 'unknown' })
        })
      } catch (error) {
        if (hasLabel(error, 'UnknownTransactionCommitResult') && performance.now() < deadline - COMMIT_MS)
          await pause(attempts)
        else if (isTransient(error)) throw error
        else throw this.#connection.mapped(error, -Infinity, 'unknown')
      }
    }
  }
}

/** Ends a transaction, waiting only a moment: a server that cannot be reached ends it by itself. @returns whether it ended. */
async function aborted(session: ClientSession): Promise<boolean> {
  const end = session.abortTransaction()
  try {
    await settleBy(performance.now() + ABORT_MS, end, () => new Error('late'))
    return true
  } catch {
    end.catch(() => {})
    return false
  }
}
