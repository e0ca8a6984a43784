import { setTimeout as sleep } from 'node:timers/promises'
import { ClosedError, type Outcome } from '@dir/storage-core'
import { settleBy } from '@dir/storage-core/adapter'
import type { RedisOptions } from 'ioredis'
import { Attempts } from './attempts.ts'
import { type Client, type ServerOptions, createClient, isCluster } from './client.ts'
import { evaluate, selectDatabase } from './commands.ts'
import { NoAnswerError, UnreachableError, isFinal, isReply, mayPass } from './errors.ts'
import { type Packable, pack } from './msgpack.ts'
import { clockScript } from './read-script.ts'
import type { Script } from './script.ts'
import type { Reply } from './protocol.ts'

const PAUSE_MS = 20
const EVENTS = ['ready', 'close', 'end', 'error'] as const

/** One client of ioredis, which connects anew by itself. A namespace's scripts run over it, in the order in which they are given. */
export class RedisConnection {
  /** The id of the store that the scripts must find where they run; empty before it is known. */
  storeId = ''
  readonly #client: Client
  readonly #namespace: string
  readonly #timeoutMs: number
  /** The server's microseconds at 0 of `performance.now()`, never too high; undefined: not known of this connection. */
  #serverStart: number | undefined
  #lastError: unknown
  #closed = false
  /** Resolves when the state of the connection may have changed. */
  #change: PromiseWithResolvers<void> = Promise.withResolvers()
  #preparing: Promise<void> | undefined

  constructor(server: ServerOptions, namespace: string, timeoutMs: number) {
    this.#namespace = namespace
    this.#timeoutMs = timeoutMs
    this.#client = createClient(server, timeoutMs)
    // without a listener, a lost server would end the process
    for (const event of ['error', 'node error'])
      this.#client.on(event, (error: unknown) => this.#failed(error))
    // the next connection may be to another server, whose clock is another
    for (const event of ['close', '+node']) this.#client.on(event, () => (this.#serverStart = undefined))
    for (const event of EVENTS) this.#client.on(event, () => this.#changed())
  }

  /** The nodes on which the namespace may lie, each as a client of its own. */
  get nodes(): readonly { info(section: string): Promise<string>; config: ConfigGet }[] {
    const nodes = isCluster(this.#client) ? this.#client.nodes('master') : [this.#client]
    return nodes as never
  }

  keysOf(names: readonly string[]): string[] {
    return names.map((name) => `{${this.#namespace}}:${name}`)
  }

  /** Something can be sent now: the server is known, and the connection to it is not gone, as far as this process knows. */
  get isReady(): boolean {
    const { status, stream } = this.#client as {
      readonly status: string
      readonly stream?: { writable: boolean }
    }
    return status === 'ready' && this.#serverStart !== undefined && stream?.writable !== false
  }

  /** Waits until something can be sent; rejects at `deadline`, or at once where waiting would not help; see UnreachableError. */
  async ready(deadline: number): Promise<void> {
    while (!this.isReady) {
      if (this.#closed) throw new ClosedError()
      this.#throwIfRefused()
      if (performance.now() >= deadline) throw this.#unreachable()
      if (this.#client.status === 'wait' || this.#client.status === 'end')
        this.#client.connect().catch(() => {})
      const next = this.#client.status === 'ready' ? this.#prepareOnce() : this.#change.promise
      await settleBy(deadline, next, () => this.#unreachable())
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
   * connection, if it works at all. Errors come out raw; `since` is when the caller began to wait.
   */
  run(script: Script, request: Packable, deadline: number, since: number): Promise<Reply> {
    return settleBy(
      deadline,
      evaluate(this.#client, script, this.keysOf(script.keys), [pack(request), this.storeId]),
      () => {
        this.#breakOff()
        return new NoAnswerError(performance.now() - since)
      },
    )
  }

  /** Runs a script that may run twice, again and again until an answer comes; without one, `outcome` is what is known. */
  async repeat(
    script: Script,
    request: Packable,
    deadline: number,
    outcome: Outcome,
    since: number = performance.now(),
  ): Promise<Reply> {
    const attempts = new Attempts(deadline)
    for (;;) {
      try {
        await this.ready(attempts.nextBy)
        return await this.run(script, request, deadline, since)
      } catch (error) {
        const again = attempts.again(error)
        if (this.#closed) throw new ClosedError({ outcome: attempts.inDoubt ? outcome : 'not-applied' })
        if (!again) throw attempts.failure(error, outcome)
      }
      await this.recover(attempts.pauseMs)
    }
  }

  /** Waits a moment after something failed that may go well the next time. */
  async recover(ms: number): Promise<void> {
    // a node that is gone cannot say where its slots are now
    if (isCluster(this.#client) && this.#client.status === 'ready') this.#client.refreshSlotsCache(() => {})
    await sleep(ms)
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

  /** Ends the connection at once; the client opens another. Its own way of ending one waits for the server. */
  #breakOff(): void {
    this.#serverStart = undefined
    const nodes = isCluster(this.#client) ? this.#client.nodes() : [this.#client]
    for (const { stream } of nodes as { readonly stream?: { destroy(): void } }[]) stream?.destroy()
  }

  /** Looks at a new connection, once for all who wait for it. Afterwards it is ready, or gone, or some time has passed. */
  #prepareOnce(): Promise<void> {
    this.#preparing ??= this.#prepare().finally(() => (this.#preparing = undefined))
    return this.#preparing
  }

  async #prepare(): Promise<void> {
    try {
      await selectDatabase(this.#client)
      const now = performance.now()
      this.learnClock(Number(await this.run(clockScript, null, now + this.#timeoutMs, now)))
    } catch (error) {
      this.#failed(error)
      if (isReply(error) && !mayPass(error)) throw this.#unreachable(true)
      await sleep(PAUSE_MS)
    }
  }

  #throwIfRefused(): void {
    if (this.#lastError === undefined || !isFinal(this.#lastError)) return
    const error = this.#unreachable(true)
    this.#lastError = undefined // the next call tries again
    throw error
  }

  #unreachable(isFinal = false): UnreachableError {
    const { options } = this.#client
    const { tls } = 'redisOptions' in options ? (options.redisOptions ?? {}) : (options as RedisOptions)
    return new UnreachableError(this.#lastError, tls !== undefined && tls !== null, isFinal)
  }

  /** Keeps the error that says most: one of the server is not forgotten for the end of the connection that follows. */
  #failed(error: unknown): void {
    const { code } = (error ?? {}) as { readonly code?: unknown }
    if (!(isReply(this.#lastError) && code === 'ECONNRESET')) this.#lastError = error
  }

  #changed(): void {
    this.#change.resolve()
    this.#change = Promise.withResolvers()
  }
}

type ConfigGet = (verb: 'GET', ...names: string[]) => Promise<unknown>
