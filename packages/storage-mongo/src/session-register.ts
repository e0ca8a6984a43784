import type { ClientSession, UUID } from 'mongodb'
import { BSON } from 'mongodb'
import type { Connection } from './connection.ts'

/** A transaction whose process sends nothing for this long is over; a living one loses no more than an attempt. */
const ABANDONED_MICROS = 1_000_000
const REGISTER_AGAIN_MS = 30 * 60_000
const LOOK_EVERY_MS = 500

/**
 * The sessions that run our transactions. A process that dies inside one leaves its writes in everybody's way until
 * the server ends it, a minute later by default; known by the register, anybody may end it sooner.
 */
export class SessionRegister {
  readonly #connection: Connection
  readonly #free: ClientSession[] = []
  readonly #registered = new Map<string, number>()
  #lookedAt = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async take(): Promise<ClientSession> {
    const session = this.#free.pop() ?? this.#connection.client.startSession({ causalConsistency: false })
    const id = idOf(session)
    const since = this.#registered.get(id)
    if (since === undefined || performance.now() - since > REGISTER_AGAIN_MS) await this.#register(id)
    return session
  }

  giveBack(session: ClientSession): void {
    if (session.hasEnded) return
    this.#free.push(session)
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#free.splice(0).map((session) => session.endSession()))
  }

  /** Ends what died in the middle of its transaction, if there is any. */
  async endAbandoned(): Promise<void> {
    if (performance.now() - this.#lookedAt < LOOK_EVERY_MS) return
    this.#lookedAt = performance.now()
    const admin = this.#connection.client.db('admin')
    const idle = await admin
      .aggregate<{ lsid: { id: UUID } }>([
        { $currentOp: { allUsers: false, idleSessions: true } },
        {
          $match: {
            type: 'idleSession',
            'transaction.timeInactiveMicros': { $gt: ABANDONED_MICROS },
          },
        },
        { $project: { lsid: 1 } },
      ])
      .toArray()
    if (idle.length === 0) return
    const ids = new Map(idle.map(({ lsid }) => [lsid.id.toString('hex'), lsid.id]))
    const ours = await this.#connection
      .collection('sessions')
      .find({ _id: { $in: [...ids.keys()] } })
      .toArray()
    const dead = ours.map(({ _id }) => ({ id: ids.get(_id) }))
    if (dead.length > 0) await admin.command({ killSessions: dead })
  }

  async #register(id: string): Promise<void> {
    await this.#connection
      .collection('sessions')
      .updateOne({ _id: id }, { $currentDate: { usedAt: true } }, { upsert: true, writeConcern: { w: 1 } })
    this.#registered.set(id, performance.now())
  }
}

function idOf(session: ClientSession): string {
  return new BSON.Binary(session.id?.id.buffer ?? new Uint8Array(16), 4).toString('hex')
}
