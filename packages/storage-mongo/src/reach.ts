import type { ConnectionClosedEvent, MongoClient, TopologyDescriptionChangedEvent } from 'mongodb'

const known = new WeakMap<MongoClient, Reach>()
const WRITABLE: ReadonlySet<string> = new Set(['RSPrimary', 'Mongos', 'LoadBalancer'])

/**
 * Whether a client knows a server that takes writes, and since when. All handles on one client share it, because each
 * client warns of many listeners.
 */
export class Reach {
  #isThere = false
  #isRouter = false
  #foundAt = 0
  #lostAt = 0
  #brokenAt = -Infinity

  static of(client: MongoClient): Reach {
    const reach = known.get(client) ?? new Reach(client)
    known.set(client, reach)
    return reach
  }

  private constructor(client: MongoClient) {
    client.on('topologyDescriptionChanged', ({ newDescription }: TopologyDescriptionChangedEvent) => {
      const isThere = [...newDescription.servers.values()].some(({ type }) => WRITABLE.has(type))
      if (isThere === this.#isThere) return
      this.#isThere = isThere
      if (isThere) this.#foundAt = performance.now()
      else this.#lostAt = performance.now()
    })
    // then the driver sends again, and the server counts as known all the while
    if ((client.options.socketTimeoutMS ?? 0) === 0) return
    client.on('connectionClosed', ({ reason }: ConnectionClosedEvent) => {
      if (reason === 'error') this.#brokenAt = performance.now()
    })
  }

  /** A server has just answered that it takes writes, itself or (`isRouter`) by others behind it. */
  found(isRouter: boolean): void {
    this.#isRouter = isRouter
    if (!this.#isThere) this.#foundAt = performance.now()
    this.#isThere = true
  }

  /** Whether one was known at some moment since then; where not, the driver cannot have sent anything. */
  since(start: number): boolean {
    return this.#isThere || this.#lostAt > start
  }

  /**
   * Whether it is known since before then, and no connection timed out: the driver sent nothing twice. What a router lost
   * on its own way, and sent again, nobody sees here.
   */
  isSteadySince(start: number): boolean {
    return this.#isThere && Math.max(this.#foundAt, this.#brokenAt) <= start && !this.#isRouter
  }
}
