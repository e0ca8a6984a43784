import type { Socket } from 'node:net'
import type { Fault } from './fault.ts'
import type { Unit, Wire } from './wire.ts'

/** One connection of a client, and the one to the server that stands for it. */
export class Link {
  readonly #client: Socket
  readonly #server: Socket
  readonly #wire: Wire
  readonly #choose: (request: Buffer) => Fault | null
  /** The requests that the server has not replied to. */
  readonly #open: (Fault | null)[] = []
  #toServer: Promise<void> = Promise.resolve()
  #toClient: Promise<void> = Promise.resolve()
  #goesNowhere = { requests: false, replies: false }
  /** The server has nothing left to do about the requests that came late. */
  #caughtUp: Promise<unknown> = Promise.resolve()

  constructor(client: Socket, server: Socket, wire: Wire, choose: (request: Buffer) => Fault | null) {
    this.#client = client
    this.#server = server
    this.#wire = wire
    this.#choose = choose
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => {}) // 'close' follows
    }
    const [requests, replies] = [wire.requests(), wire.replies()]
    client.on('data', (bytes: Buffer) => {
      for (const unit of requests(bytes)) this.#toServer = this.#toServer.then(() => this.#ask(unit))
    })
    server.on('data', (bytes: Buffer) => {
      for (const unit of replies(bytes)) this.#toClient = this.#toClient.then(() => this.#reply(unit))
    })
    // what was sent before the end still arrives, as on any network, and the end no sooner than the server has seen to
    // it; in a black hole the end does not arrive either
    const hangUp = (): void =>
      void this.#toServer
        .then(() => this.#caughtUp)
        .then(() => this.#goesNowhere.requests || this.#server.end())
    client.on('end', hangUp)
    client.on('close', hangUp)
    server.on('end', () => void this.#toClient.then(() => this.#serverLeft(() => client.end())))
    server.on('close', () => void this.#toClient.then(() => this.#serverLeft(() => client.destroy())))
  }

  /** The server replies to nothing any more. */
  #serverLeft(tell: () => void): void {
    for (const fault of this.#open.splice(0)) fault?.over()
    if (!this.#goesNowhere.replies) tell()
  }

  /** Breaks the connection, for both sides. */
  cut(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  async #ask(unit: Unit): Promise<void> {
    const fault = unit.isCall && !this.#goesNowhere.requests ? this.#choose(unit.bytes) : null
    if (unit.pairs) this.#open.push(fault)
    if (this.#server.readableEnded || this.#server.destroyed) fault?.over()
    switch (fault?.name) {
      case 'cut before':
        return this.cut()
      case 'swallowed':
        this.#goesNowhere = { requests: true, replies: true }
        void fault.until.then(() => this.cut())
        break
      case 'late':
      case 'slow':
        this.#caughtUp = fault.isOver
        await fault.until
    }
    if (!this.#goesNowhere.requests) this.#server.write(unit.bytes)
  }

  async #reply(unit: Unit): Promise<void> {
    const fault = unit.pairs ? (this.#open.shift() ?? null) : null
    fault?.over()
    switch (fault?.name) {
      case 'cut after':
        return this.cut()
      case 'cut within':
        this.#client.write(unit.bytes.subarray(0, unit.bytes.length / 2), () => this.cut())
        this.#goesNowhere.replies = true
        break
      case 'refused':
        if (this.#wire.refusal !== null) this.#client.write(this.#wire.refusal)
        if (!this.#wire.endsRefused) return
        this.#goesNowhere.replies = true
        this.#client.end(() => this.#server.destroy())
        break
      case 'muted':
        this.#goesNowhere.replies = true
        void fault.until.then(() => this.cut())
        break
      case 'late reply':
        await fault.until
    }
    if (!this.#goesNowhere.replies) this.#client.write(unit.bytes)
  }
}
