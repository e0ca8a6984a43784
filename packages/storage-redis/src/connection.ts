import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError, type Outcome, settleBy } from '@dir/storage-core'
import { type ServerOptions, type UserClient, createClient, isCluster } from './client.ts'
import {
  NoAnswerError,
  UnreachableError,
  isRefusedLogin,
  isReply,
  isUnknownScript,
  mapError,
} from './errors.ts'
import { type Packable, pack } from './msgpack.ts'
import type { Script } from './script.ts'
import { clockScript } from './scripts.ts'
import type { Reply } from './session.ts'

const PAUSE_MS = 10

/** What is used of ioredis. */
interface Commands {
  evalsha(sha: string, keyCount: number, ...args: (string | Buffer)[]): Promise<Reply>
  eval(text: string, keyCount: number, ...args: (string | Buffer)[]): Promise<Reply>
}

/** One client of ioredis, which connects anew by itself. A namespace's scripts run over it, in the order in which they are given. */
export class RedisConnection {
  readonly #client: UserClient
  readonly #namespace: string
  /** The server's microseconds at 0 of `performance.now()`, never too high; undefined: not known of this connection. */
  #serverStart: number | undefined
  #lastError: unknown
  #closed = false

  constructor(server: ServerOptions, namespace: string, timeoutMs: number) {
    this.#namespace = namespace
    this.#client = createClient(server, timeoutMs)
    // without a listener, a lost server would end the process
    this.#client.on('error', (error: unknown) => (this.#lastError = error))
    // the next connection may be to another server, whose clock is another
    for (const event of ['close', '+node']) this.#client.on(event, () => (this.#serverStart = undefined))
  }

  /** The nodes on which the namespace may lie, each as a client of its own. */
  get nodes(): readonly { info(): Promise<string>; config(verb: 'GET', name: string): Promise<unknown> }[] {
    return isCluster(this.#client) ? this.#client.nodes('master') : [this.#client]
  }

  /** Selects the database again that the client was told to: what the server says to that, ioredis keeps to itself. */
  async selectDatabase(): Promise<void> {
    if (isCluster(this.#client)) return
    const { db = 0 } = this.#client.options
    if (db !== 0) await this.#client.select(db)
  }

  keysOf(names: readonly string[]): string[] {
    return names.map((name) => `{${this.#namespace}}:${name}`)
  }

  /** Something can be sent now. */
  get isReady(): boolean {
    return this.#client.status === 'ready' && this.#serverStart !== undefined
  }

  /** Waits until something can be sent; rejects at `deadline`, or at once where the credentials are refused. Errors come out raw. */
  async ready(deadline: number): Promise<void> {
    while (!this.isReady) {
      if (this.#closed) throw new ClosedError()
      this.#throwIfRefused()
      if (performance.now() >= deadline) throw new UnreachableError(this.#lastError)
      if (this.#client.status === 'ready') await this.#readClock(deadline)
      else {
        if (this.#client.status === 'wait' || this.#client.status === 'end')
          this.#client.connect().catch(() => {})
        await this.#change(deadline)
      }
    }
    this.#lastError = undefined
  }

  /** The server's clock, in microseconds, at a moment of `performance.now()`; not ahead of the server. */
  serverMicros(at: number): number {
    return Math.floor((this.#serverStart ?? 0) + at * 1000)
  }

  /** Learns from a reply what the server's clock was when it was made. */
  learnClock(serverMicros: number): void {
    this.#serverStart = serverMicros - performance.now() * 1000
  }

  /**
   * Runs a script. Rejects at `deadline`, and then connects anew: an answer may still be on its way over the old
   * connection, if it works at all. Errors come out raw.
   */
  run(script: Script, request: Packable, deadline: number): Promise<Reply> {
    const start = performance.now()
    return settleBy(deadline, this.#evaluate(script, pack(request)), () => {
      this.#breakOff()
      return new NoAnswerError(performance.now() - start)
    })
  }

  /** Runs a script that may run twice, again and again until an answer comes; without one, `outcome` is what is known. */
  async repeat(script: Script, request: Packable, deadline: number, outcome: Outcome): Promise<Reply> {
    for (let known: Outcome = 'not-applied'; ; known = outcome) {
      try {
        await this.ready(deadline)
        known = outcome
        return await this.run(script, request, deadline)
      } catch (error) {
        if (this.#closed) throw new ClosedError({ outcome: known })
        if (isReply(error) || performance.now() >= deadline) throw mapError(error, known)
      }
      await this.recover()
    }
  }

  /** Waits a moment after a connection was lost: the client has to learn of it, and others have to get on. */
  recover(): Promise<void> {
    return sleep(PAUSE_MS)
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#client.status === 'ready') {
      // lets what was written last be sent; a server that does not answer is not waited for
      const late = () => new Error('late')
      await settleBy(performance.now() + 200, this.#client.quit(), late).catch(() => {})
    }
    this.#client.disconnect()
    this.#breakOff()
  }

  async #evaluate({ sha, text, keys }: Script, request: Buffer): Promise<Reply> {
    const commands = this.#client as unknown as Commands
    const all = [...this.keysOf(keys), request]
    try {
      return await commands.evalsha(sha, keys.length, ...all)
    } catch (error) {
      if (!isUnknownScript(error)) throw error
      return commands.eval(text, keys.length, ...all)
    }
  }

  /** Ends the connection at once; the client opens another. Its own way of ending one waits for the server. */
  #breakOff(): void {
    const nodes = isCluster(this.#client) ? this.#client.nodes() : [this.#client]
    for (const { stream } of nodes as { readonly stream?: { destroy(): void } }[]) stream?.destroy()
  }

  async #readClock(deadline: number): Promise<void> {
    try {
      this.learnClock(Number(await this.run(clockScript, null, deadline)))
    } catch (error) {
      if (isReply(error)) throw error
      this.#lastError = error
      await this.recover()
    }
  }

  #throwIfRefused(): void {
    const error = this.#lastError
    if (!isRefusedLogin(error)) return
    this.#lastError = undefined // the next call tries again
    throw error
  }

  /** Resolves when the state of the connection may have changed, at `deadline` at the latest. */
  #change(deadline: number): Promise<void> {
    const events = ['ready', 'close', 'end', 'error'] as const
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        for (const event of events) this.#client.off(event, done)
        resolve()
      }
      const timer = setTimeout(done, Math.max(0, deadline - performance.now()))
      for (const event of events) this.#client.on(event, done)
    })
  }
}
