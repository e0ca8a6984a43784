import { Socket } from 'node:net'
import { settleBy } from '@dir/storage-core'
import { type ClientConfig, Pool } from 'pg'
import { Failure } from './failure.ts'
import { Lease } from './lease.ts'

const ignore = (): void => {}

/** Where clients come from: a pool of our own, or the user's, which is never ended here. */
export class PgPool {
  readonly #pool: Pool
  readonly #sockets: Set<Socket> | null
  readonly #leases = new Set<Lease>()
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
    const connecting = this.#pool.connect()
    try {
      const lease = new Lease(await settleBy(deadline, connecting, noClient))
      this.#leases.add(lease)
      return lease
    } catch (error) {
      connecting.then((late) => late.release(), ignore)
      throw new Failure(error, 'not-applied')
    }
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
