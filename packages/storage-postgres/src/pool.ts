import { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError, isStorageError } from '@dir/storage-core'
import { settleBy } from '@dir/storage-core/adapter'
import { type ClientConfig, Pool, type PoolClient } from 'pg'
import { Failure } from './failure.ts'
import { TEXT, unfit } from './fit.ts'
import { Lease, ignore } from './lease.ts'
import { Turns } from './turns.ts'
import { isCrowded, isDisconnection, isNoClient, noClient } from './wire.ts'

const LONGEST_PAUSE_MS = 250
const MOST_TRIES = 3

/** How many handles use each pool: they share one listener. */
const users = new WeakMap<Pool, number>()

/** Where clients come from: a pool of our own, or the user's, which is never ended here. */
export class PgPool {
  readonly pool: Pool
  readonly #sockets: Set<Socket> | null
  readonly #leases = new Set<Lease>()
  /** When each client was first lent: how many times others had been given up before. */
  readonly #ages = new WeakMap<PoolClient, number>()
  readonly #turns: Turns
  #age = 0
  #prepares = false
  #isClosed = false

  private constructor(pool: Pool, sockets: Set<Socket> | null, most: number) {
    this.pool = pool
    this.#sockets = sockets
    this.#turns = new Turns(most)
    const before = users.get(pool) ?? 0
    users.set(pool, before + 1)
    if (before === 0) pool.on('error', ignore) // an idle client died; the pool has dropped it
  }

  static of(theirs: Pool): PgPool {
    return new PgPool(theirs, null, Infinity)
  }

  static open(config: ClientConfig, size: number, timeoutMs: number): PgPool {
    const sockets = new Set<Socket>()
    const stream = (): Socket => {
      const socket = new Socket()
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket
    }
    const pool = new Pool({
      application_name: 'dir-storage',
      keepAlive: true,
      idleTimeoutMillis: Math.min(10_000, timeoutMs * 0.4), // who waits for room on the server gets it within a deadline
      ...config,
      ...TEXT,
      stream,
      max: size,
      connectionTimeoutMillis: timeoutMs,
    })
    return new PgPool(pool, sockets, size)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Lends a client, and waits for it where the server has no room now; nothing has been sent when this rejects. */
  async lend(deadline: number): Promise<Lease> {
    try {
      await this.#turns.enter(deadline)
      return await this.#lend(deadline).catch((error: unknown) => {
        this.#turns.leave()
        throw error
      })
    } catch (error) {
      throw isStorageError(error) ? error : new Failure(error, 'not-applied', { isConnecting: true })
    }
  }

  async #lend(deadline: number): Promise<Lease> {
    for (let tries = 1; ; tries++) {
      const client = await this.#connect(deadline)
      const lease = new Lease(client, this.#prepares)
      this.#leases.add(lease)
      const isOld = this.#isOld(client)
      const prepared = isOld ? null : lease.prepare(deadline).catch((error: unknown) => error)
      const fault = unfit(client) ?? (await prepared)
      if (fault === null && !isOld) return lease
      this.#leases.delete(lease)
      lease.destroy()
      // a connection that has died says nothing of the next one
      const mayTry = tries < MOST_TRIES && performance.now() < deadline
      if (fault !== null && !(mayTry && isDisconnection(fault))) throw fault
    }
  }

  async #connect(deadline: number): Promise<PoolClient> {
    let crowd: unknown = null
    for (let tries = 1; ; tries++) {
      if (this.#isClosed) throw new ClosedError()
      const connecting = this.#take()
      try {
        return await this.#turns.within(deadline, connecting)
      } catch (error) {
        connecting.then((late) => new Lease(late, false).end(), ignore)
        if (!isCrowded(error)) throw isNoClient(error) ? (crowd ?? error) : error
        crowd = error
        this.#turns.narrow(error)
        const pause = 5 + Math.random() * Math.min(LONGEST_PAUSE_MS, 10 * 1.5 ** tries)
        if (performance.now() + pause >= deadline) throw error
        await this.#turns.within(deadline, sleep(pause))
      }
    }
  }

  /** The connections that were lent until now lead to the wrong server: they are closed, at the latest when they come back. */
  giveUp(): void {
    this.#age++
    for (let idle = this.pool.idleCount; idle > 0; idle--)
      this.#take().then((client) => {
        const lease = new Lease(client, false)
        if (this.#isOld(client)) lease.destroy()
        else lease.end()
      }, ignore)
  }

  #isOld(client: PoolClient): boolean {
    const age = this.#ages.get(client) ?? this.#age
    this.#ages.set(client, age)
    return age < this.#age
  }

  /**
   * A client that is lent and dies would end the process, so it is listened to from the very moment: its death may be in
   * the same packet as the answer that it is ready, before any promise goes on.
   */
  #take(): Promise<PoolClient> {
    return new Promise((resolve, reject) => {
      this.pool.connect((error, client) => {
        if (client === undefined) return reject(error ?? noClient())
        client.on('error', ignore)
        resolve(client)
      })
    })
  }

  /**
   * From now on statements are prepared by name, once a connection, if these are our own and no pooler stands between:
   * a pooler hands out its sessions anew for each transaction, and a user's sessions are left as they were.
   */
  async prepareStatements(deadline: number): Promise<void> {
    if (this.#sockets === null) return
    const start = performance.now()
    const lease = await this.lend(deadline)
    let isSound = false
    try {
      this.#prepares = await lease.isDirect(deadline)
      isSound = true
    } catch (error) {
      throw new Failure(error, 'not-applied').after(1, performance.now() - start)
    } finally {
      this.giveBack(lease, isSound)
    }
  }

  get prepares(): boolean {
    return this.#prepares
  }

  giveBack(lease: Lease, isSound: boolean): void {
    if (!this.#leases.delete(lease)) return
    // where the server has no room for others, what nobody needs now is not kept
    const isSpare = this.#sockets !== null && this.#turns.isSpare
    if (isSound && !isSpare && !this.#isOld(lease.client)) lease.end()
    else lease.destroy()
    this.#turns.leave()
  }

  /** No client is lent from now on, and who waits for one is told. */
  refuse(): void {
    this.#isClosed = true
    this.#turns.refuse(new ClosedError())
  }

  /** Ends what was opened here by `deadline`, whatever the server does; who waits for a client, or has one, is told. */
  async close(deadline: number): Promise<void> {
    this.refuse()
    for (const lease of this.#leases) lease.destroy()
    const left = (users.get(this.pool) ?? 1) - 1
    users.set(this.pool, left)
    if (this.#sockets === null) {
      if (left === 0) this.pool.off('error', ignore)
      return
    }
    await settleBy(deadline, this.pool.end(), noClient).catch(ignore)
    for (const socket of this.#sockets) socket.destroy()
  }
}
