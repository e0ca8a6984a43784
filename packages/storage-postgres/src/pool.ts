import { Socket } from 'node:net'
import { settleBy } from '@dir/storage-core'
import { type ClientConfig, Pool, type PoolClient } from 'pg'
import { Failure } from './failure.ts'
import { Lease, ignore } from './lease.ts'

/** Where clients come from: a pool of our own, or the user's, which is never ended here. */
export class PgPool {
  readonly #pool: Pool
  readonly #sockets: Set<Socket> | null
  readonly #leases = new Set<Lease>()
  #prepares = false
  #isClosed = false

  private constructor(pool: Pool, sockets: Set<Socket> | null) {
    this.#pool = pool
    this.#sockets = sockets
    pool.on('error', ignore) // an idle client died; the pool has dropped it
  }

  static of(users: Pool): PgPool {
    return new PgPool(users, null)
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
    const connecting = this.#take()
    try {
      const lease = new Lease(await settleBy(deadline, connecting, noClient), this.#prepares)
      this.#leases.add(lease)
      return lease
    } catch (error) {
      connecting.then((late) => new Lease(late, false).end(), ignore)
      throw new Failure(error, 'not-applied')
    }
  }

  /**
   * A client that is lent and dies would end the process, so it is listened to from the very moment: its death may be in
   * the same packet as the answer that it is ready, before any promise goes on.
   */
  #take(): Promise<PoolClient> {
    return new Promise((resolve, reject) => {
      this.#pool.connect((error, client) => {
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
    if (isSound) lease.end()
    else lease.destroy()
  }

  /** Ends what was opened here by `deadline`, whatever the server does; clients that are still lent are thrown away. */
  async close(deadline: number): Promise<void> {
    this.#isClosed = true
    for (const lease of this.#leases) lease.destroy()
    if (this.#sockets === null) {
      this.#pool.off('error', ignore)
      return
    }
    await settleBy(deadline, this.#pool.end(), noClient).catch(ignore)
    for (const socket of this.#sockets) socket.destroy()
  }
}

function noClient(): Error {
  return new Error('timeout exceeded when trying to connect')
}
