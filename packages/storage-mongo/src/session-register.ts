import type { ClientSession } from 'mongodb'
import type { Connection } from './connection.ts'
import { GivenUp } from './given-up.ts'
import { hexOf } from './ids.ts'

/** A transaction whose process sends nothing for this long, and has no connection any more, is over. */
const ABANDONED_MS = 1_000
/** One whose process has its connection still, but is stopped, or lost its machine. */
const SILENT_MS = 10_000
const REGISTER_AGAIN_MS = 30 * 60_000
const LOOK_EVERY_MS = 500
/** Long enough for a server that answers. */
const CLOSE_MS = 250

/** What the server says of a transaction that waits for its client; the ids are the driver's own, and go back as they came. */
interface Idle {
  readonly lsid: { readonly id: { readonly buffer: Uint8Array } }
  readonly client?: string
  readonly transaction: { readonly timeInactiveMicros: unknown }
}

/**
 * The sessions that run our transactions. A process that dies inside one leaves its writes in everybody's way until
 * the server ends it, a minute later by default; known by the register, anybody may end it sooner.
 */
export class SessionRegister {
  readonly #connection: Connection
  readonly #free: ClientSession[] = []
  readonly #registered = new Map<string, number>()
  readonly #givenUp: GivenUp
  #lookedAt = -Infinity

  constructor(connection: Connection) {
    this.#connection = connection
    this.#givenUp = new GivenUp(connection)
  }

  async take(): Promise<ClientSession> {
    const session = this.#free.pop() ?? this.#connection.client.startSession({ causalConsistency: false })
    await this.register(session)
    return session
  }

  /** From now on, anybody may end its transaction where its process dies in it. */
  async register(session: ClientSession): Promise<void> {
    const id = hexOf(session.id?.id)
    const since = this.#registered.get(id)
    if (since === undefined || performance.now() - since > REGISTER_AGAIN_MS) await this.#register(id)
  }

  giveBack(session: ClientSession): void {
    if (session.hasEnded) return
    this.#free.push(session)
  }

  /** Where it is not known that its transaction is over: it is ended at the server, and not used again. */
  giveUp(session: ClientSession, isCommitting: boolean): void {
    this.#givenUp.add(session, isCommitting)
  }

  /** Before anything is written, so that no commit that was given up comes after it. */
  tried(): Promise<void> {
    return this.#givenUp.tried()
  }

  /** `isLast`: the client is closed next. */
  async close(isLast: boolean): Promise<void> {
    for (const session of this.#free.splice(0)) void session.endSession().catch(() => {})
    await this.#givenUp.close(CLOSE_MS, isLast)
  }

  /** Ends what died in the middle of its transaction, if there is any. */
  async endAbandoned(): Promise<void> {
    if (performance.now() - this.#lookedAt < LOOK_EVERY_MS) return
    this.#lookedAt = performance.now()
    const idle = await this.#currently<Idle>({ idleSessions: true }, [
      { $match: { type: 'idleSession', 'transaction.timeInactiveMicros': { $gt: ABANDONED_MS * 1_000 } } },
      { $project: { lsid: 1, client: 1, 'transaction.timeInactiveMicros': 1 } },
    ])
    if (idle.length === 0) return
    const clients = [...new Set(idle.map(({ client }) => client))]
    const connected = await this.#currently<{ readonly client: string }>({ idleConnections: true }, [
      { $match: { type: 'op', client: { $in: clients } } },
      { $project: { client: 1 } },
    ])
    const alive = new Set<unknown>(connected.map(({ client }) => client))
    const silent = idle.filter(({ client, transaction }) => {
      return !alive.has(client) || Number(transaction.timeInactiveMicros) > SILENT_MS * 1_000
    })
    const ids = new Map(silent.map(({ lsid }) => [hexOf(lsid.id), lsid.id]))
    const ours = await this.#connection
      .collection('sessions')
      .find({ _id: { $in: [...ids.keys()] } })
      .toArray()
    const dead = ours.map(({ _id }) => ({ id: ids.get(_id) }))
    if (dead.length > 0) await this.#connection.ask({ killSessions: dead })
  }

  #currently<Row extends object>(what: object, stages: readonly object[]): Promise<Row[]> {
    const pipeline = [{ $currentOp: { allUsers: false, ...what } }, ...stages]
    return this.#connection.admin.aggregate<Row>(pipeline).toArray()
  }

  async #register(id: string): Promise<void> {
    await this.#connection
      .collection('sessions')
      .updateOne({ _id: id }, { $currentDate: { usedAt: true } }, { upsert: true, writeConcern: { w: 1 } })
    this.#registered.set(id, performance.now())
  }
}
