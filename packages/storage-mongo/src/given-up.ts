import { settleBy } from '@dir/storage-core/adapter'
import type { ClientSession } from 'mongodb'
import type { Connection } from './connection.ts'
import { look } from './driver-errors.ts'
import { Late } from './late.ts'
import { hexOf } from './ids.ts'

/** One try takes no longer: on the way that it went, there may be nobody any more. */
const TRY_MS = 1_000
const AGAIN_MS = 100
/** A server that comes back later than this ends by itself what it still has. */
const GIVE_UP_MS = 10 * 60_000
const TOGETHER = 8
/** A newer command of the session was there before. */
const TOO_OLD = 225

/** What the driver keeps of a session at the server; the same in all its versions. */
interface Numbers {
  id: ClientSession['id']
  txnNumber: number
}

const numbersOf = (session: ClientSession): Numbers => Reflect.get(session, 'serverSession') as Numbers

interface Entry {
  readonly session: ClientSession
  readonly until: number
}

/**
 * Transactions whose end is not known, because their time was over or the way to the server broke. What of them is
 * still on its way may begin them only later, so that an abort that comes before it finds nothing: a write of a higher
 * number in the same session ends what there is, and the server refuses whatever of the session comes after it.
 */
export class GivenUp {
  readonly #connection: Connection
  #left: Entry[] = []
  #ending: Promise<void> | null = null
  readonly #commits = new Set<Promise<void>>()
  #isClosed = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Until a try was made to end each that may be committed yet: what is written before that, it could overtake. */
  async tried(): Promise<void> {
    await Promise.all(this.#commits)
  }

  /** Takes over a session, of which the driver sends nothing more then, however long it tries. */
  add(session: ClientSession, isCommitting: boolean): void {
    const heir = this.#connection.client.startSession({ causalConsistency: false })
    const { id, txnNumber } = numbersOf(session)
    Object.assign(numbersOf(heir), { id, txnNumber })
    session.hasEnded = true
    session.emit('ended', session)
    const entry = { session: heir, until: performance.now() + GIVE_UP_MS }
    const first = this.#isEnded(entry).then((isEnded) => {
      this.#commits.delete(first)
      if (isEnded) return
      this.#left.push(entry)
      this.#ending ??= this.#endAll().finally(() => (this.#ending = null))
    })
    if (isCommitting) this.#commits.add(first)
  }

  /** Waits so long at most; if the client is closed next, the rest is left to others. */
  async close(patienceMs: number, isLast: boolean): Promise<void> {
    const end = Promise.all([this.#ending, ...this.#commits])
    await settleBy(performance.now() + patienceMs, end, () => new Late()).catch(() => {})
    this.#isClosed ||= isLast
  }

  async #endAll(): Promise<void> {
    while (this.#left.length > 0 && !this.#isClosed) {
      const some = this.#left.splice(0, TOGETHER)
      const ended = await Promise.all(some.map((entry) => this.#isEnded(entry)))
      this.#left.push(...some.filter((_, index) => ended[index] !== true))
      if (ended.includes(false)) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref())
    }
  }

  async #isEnded({ session, until }: Entry): Promise<boolean> {
    const abort = new AbortController()
    const deadline = performance.now() + TRY_MS
    try {
      await settleBy(deadline, this.#end(session, abort.signal), () => new Late())
    } catch (error) {
      abort.abort()
      const { name, code } = look(error)
      const isOver = code === TOO_OLD || name === 'MongoNotConnectedError' // whose client its user has closed
      if (!isOver && performance.now() < until) return false
    }
    await session.endSession().catch(() => {})
    return true
  }

  async #end(session: ClientSession, signal: AbortSignal): Promise<void> {
    // what works in it would keep the write waiting
    await this.#connection.ask({ killSessions: [session.id] }, signal)
    const options = { session, writeConcern: { w: 1 }, maxTimeMS: TRY_MS, signal }
    await this.#connection
      .collection('sessions')
      .updateOne({ _id: hexOf(session.id?.id) }, { $currentDate: { usedAt: true } }, options)
  }
}
