import { Socket } from 'node:net'
import { ClosedError, settleBy } from '@dir/storage-core'
import { type ClientConfig, Pool, type PoolClient } from 'pg'
import { Failure } from './failure.ts'
import { Lease, ignore } from './lease.ts'
import { noClient } from './wire.ts'

/** How many handles use each pool: they share one listener. */
const users = new WeakMap<Pool, number>()

/** Where clients come from: a pool of our own, or the user's, which is never ended here. */
export class PgPool {
  readonly pool: Pool
  readonly #sockets: Set<Socket> | null
  readonly #leases = new Set<Lease>()
  /** When each client was first lent: how many times others had been given up before. */
  readonly #ages = new WeakMap<PoolClient, number>()
  /** Tells those who wait for a client that there will be none. */
  readonly #waiting = new Set<(reason: Error) => void>()
  #age = 0
  #prepares = false
  #isClosed = false

  private constructor(pool: Pool, sockets: Set<Socket> | null) {
    this.pool = pool
    this.#sockets = sockets
    const before = users.get(pool) ?? 0
    users.set(pool, before + 1)
    if (before === 0) pool.on('error', ignore) // an idle client died; the pool has dropped it
  }

  static of(theirs: Pool): PgPool {
    return new PgPool(theirs, null)
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
      ...config,
      stream,
      max: size,
      connectionTimeoutMillis: timeoutMs,
    })
    return new PgPool(pool, sockets)
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Lends a client; nothing has been sent when this rejects. */
  async lend(deadline: number): Promise<Lease> {
    for (;;) {
      if (this.#isClosed) throw new ClosedError()
      const connecting = this.#take()
      const { promise, resolve, reject } = Promise.withResolvers<PoolClient>()
      connecting.then(resolve, reject)
      this.#waiting.add(reject)
      try {
        const client = await settleBy(deadline, promise, noClient)
        const lease = new Lease(client, this.#prepares)
        if (this.#isOld(client)) {
          lease.destroy()
          continue
        }
        this.#leases.add(lease)
        return lease
      } catch (error) {
        connecting.then((late) => new Lease(late, false).end(), ignore)
        throw error instanceof ClosedError ? error : new Failure(error, 'not-applied', { isConnecting: true })
      } finally {
        this.#waiting.delete(reject)
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
    const lease = await this.lend(deadline)
    let isSound = false
    try {
      this.#prepares = await lease.isDirect(deadline)
      isSound = true
    } catch (error) {
      throw new Failure(error, 'not-applied')
    } finally {
      this.giveBack(lease, isSound)
    }
  }

  get prepares(): boolean {
    return this.#prepares
  }

  giveBack(lease: Lease, isSound: boolean): void {
    this.#leases.delete(lease)
    if (isSound && !this.#isOld(lease.client)) lease.end()
    else lease.destroy()
  }

  /** Ends what was opened here by `deadline`, whatever the server does; who waits for a client, or has one, is told. */
  async close(deadline: number): Promise<void> {
    this.#isClosed = true
    for (const reject of this.#waiting) reject(new ClosedError())
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
