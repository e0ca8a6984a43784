import { pause, settleBy } from '@dir/storage-core/adapter'
import type { ClientSession } from 'mongodb'
import type { Connection } from './connection.ts'
import { MongoContext, serverBudget } from './mongo-context.ts'
import { isAborted, isNetwork, isOpenCommit, look } from './driver-errors.ts'
import { Failure, withStorageErrors } from './failure.ts'
import { Late } from './late.ts'
import type { SessionRegister } from './session-register.ts'

/** How long before its deadline a transaction must be ready to commit, at most: of a short time, a fifth. */
const COMMIT_MS = 100
/** With less time than this, or than two attempts as long as the slowest, another is not begun. */
const ATTEMPT_MS = 50
const ABORT_MS = 200

const TRANSACTION = {
  readPreference: 'primary',
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
} as const

/** When what is sent for a call must be done, so that there is time to end its transaction. */
export function readyBy(deadline: number, start: number): number {
  return deadline - Math.min(COMMIT_MS, 0.2 * (deadline - start))
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
  run<T>(deadline: number, body: (context: MongoContext) => Promise<T>): Promise<T> {
    return withStorageErrors(this.#connection.watched(this.#run(deadline, body)))
  }

  async #run<T>(deadline: number, body: (context: MongoContext) => Promise<T>): Promise<T> {
    const start = performance.now()
    let contention: unknown
    let slowest = ATTEMPT_MS / 2
    const ready = readyBy(deadline, start)
    for (let attempts = 1; ; attempts++) {
      const begun = performance.now()
      try {
        return await this.attempt(deadline, body)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        const isLate = error.isLate && error.outcome === 'not-applied' && contention !== undefined
        if (!error.isTransient && !isLate) throw error
        contention = isLate ? contention : error.cause
        slowest = Math.max(slowest, performance.now() - begun)
        if (!isLate) await pause(attempts)
        if (performance.now() >= ready - 2 * slowest)
          throw this.#connection.failure(contention, start, 'not-applied', { attempts })
      }
    }
  }

  /**
   * Runs `body` once; rejects with a `Failure`, whose outcome is `unknown` only if the commit was sent, which is too late
   * where `sending` says so.
   */
  async attempt<T>(
    deadline: number,
    body: (context: MongoContext) => Promise<T>,
    sending: () => boolean = () => true,
  ): Promise<T> {
    const start = performance.now()
    const ready = readyBy(deadline, start)
    const abort = new AbortController()
    const until = <A>(time: number, promise: Promise<A>): Promise<A> => {
      return settleBy(time, promise, () => new Late())
    }
    let session: ClientSession | undefined
    let isCommitting = false
    try {
      await until(ready, this.#connection.present(new MongoContext(this.#connection, ready, abort.signal)))
      session = await until(ready, this.#sessions.take())
      session.startTransaction({ ...TRANSACTION, maxCommitTimeMS: serverBudget(deadline - start) })
      const context = new MongoContext(this.#connection, deadline, abort.signal, session)
      const answer = await until(ready, body(context))
      if (performance.now() >= deadline || !sending()) throw new Late()
      isCommitting = true
      await until(deadline, this.#commit(session, deadline))
      this.#sessions.giveBack(session)
      return answer
    } catch (error) {
      abort.abort()
      const isOpen = isCommitting && !isAborted(error)
      if (session !== undefined) {
        if (isOpen) this.#sessions.giveUp(session, true)
        else if (isCommitting) void session.endSession().catch(() => {})
        // the server has done so already, and the session is free in a moment
        else if (isAborted(error)) void this.#abort(session, error, start, deadline)
        else await this.#abort(session, error, start, ready)
      }
      // of a commit, a refusal of the second sending says nothing about the first
      const failure = isOpen
        ? this.#connection.failure(error, start, 'unknown', { inDoubt: true })
        : this.#connection.failure(error, start, 'not-applied')
      if (failure.isTransient) void this.#sessions.endAbandoned().catch(() => {})
      throw failure
    }
  }

  /**
   * Runs `body`, one statement in a session and no transaction: where it is not known whether it was carried out, the
   * session is given up, so that it cannot arrive after a later write.
   */
  async single<T>(
    deadline: number,
    body: (context: MongoContext) => Promise<T>,
    sending: () => boolean,
  ): Promise<T> {
    const start = performance.now()
    const abort = new AbortController()
    let session: ClientSession | undefined
    let isSent = false
    try {
      const outside = new MongoContext(this.#connection, deadline, abort.signal)
      await settleBy(deadline, this.#connection.present(outside), () => new Late())
      session = await settleBy(deadline, this.#sessions.take(), () => new Late())
      const context = new MongoContext(this.#connection, deadline, abort.signal, session)
      if (!sending()) throw new Late()
      isSent = true
      const answer = await settleBy(deadline, body(context), () => new Late())
      this.#sessions.giveBack(session)
      return answer
    } catch (error) {
      abort.abort()
      const failure = this.#connection.failure(error, start, isSent ? 'unknown' : 'not-applied')
      if (session !== undefined) {
        if (failure.outcome === 'unknown') this.#sessions.giveUp(session, true)
        else this.#sessions.giveBack(session)
      }
      throw failure
    }
  }

  /** Sends the commit until its result is known. */
  async #commit(session: ClientSession, deadline: number): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await session.commitTransaction()
      } catch (error) {
        if (!isOpenCommit(error) || performance.now() >= deadline - COMMIT_MS / 5) throw error
        await pause(attempts)
      }
    }
  }

  /** Waits only a moment, and not beyond the deadline. */
  async #abort(session: ClientSession, reason: unknown, start: number, ready: number): Promise<void> {
    const { reach } = this.#connection
    if (!reach.since(start)) return void session.endSession().catch(() => {})
    // the driver does not send an abort before the first answer, and does not tell that one was lost
    if (isUnanswered(reason)) return this.#sessions.giveUp(session, false)
    const begun = performance.now()
    const patience = Math.min(begun + ABORT_MS, ready)
    try {
      await settleBy(patience, session.abortTransaction(), () => new Late())
      if (isAborted(reason) || reach.isSteadySince(begun)) this.#sessions.giveBack(session)
      else this.#sessions.giveUp(session, false)
    } catch {
      this.#sessions.giveUp(session, false)
    }
  }
}

/** An operation may still be under way. */
function isUnanswered(reason: unknown): boolean {
  return reason instanceof Late || isNetwork(look(reason))
}
