import { type Capability, TimeoutError } from '@dir/storage-core'
import {
  ATOMIC_CAPABILITIES,
  type Call,
  CommitQueue,
  type DriverTransfer,
  type StorageDriver,
  type Watching,
  type Work,
  formatMicros,
  settleBy,
  timeoutMsOf,
  importUnfinished,
} from '@dir/storage-core/adapter'
import type { ServerOptions } from './client.ts'
import { RedisConnection } from './connection.ts'
import { importEnds, importScript } from './import.ts'
import type { Packable } from './msgpack.ts'
import type { CheckedOptions } from './options.ts'
import type { RedisReader } from './protocol.ts'
import { runRead } from './protocols.ts'
import { readScript } from './read-script.ts'
import { judgeRights } from './rights.ts'
import { SCHEMA_VERSION, otherStore } from './schema.ts'
import type { Script } from './script.ts'
import { durability, judgeServer, readServer } from './server.ts'
import { lookAtStore, openStore } from './store.ts'
import { removalScript } from './write-script.ts'
import { watchEvents } from './watch.ts'
import { COMMIT_LIMITS, Writes } from './writes.ts'

export class RedisDriver implements StorageDriver {
  readonly backend = 'redis'
  readonly namespace: string
  /** `durable` joins them when `init` has seen that the server keeps an append-only file. */
  readonly capabilities: Set<Capability> = new Set([
    ...ATOMIC_CAPABILITIES,
    'leases',
    'atomically',
    'export',
    'prune',
    'processes',
  ])
  readonly #server: ServerOptions
  readonly #connection: RedisConnection
  readonly #writes: Writes
  readonly #queue: CommitQueue
  readonly #allowEviction: boolean
  readonly #timeoutMs: number
  #raised = ''

  constructor({ server, namespace, allowEviction, handle }: CheckedOptions) {
    this.namespace = namespace
    this.#timeoutMs = timeoutMsOf(handle)
    this.#server = server
    this.#allowEviction = allowEviction
    this.#connection = new RedisConnection(server, namespace, this.#timeoutMs)
    this.#writes = new Writes(this.#connection, this.#timeoutMs)
    this.#queue = new CommitQueue({
      ...COMMIT_LIMITS,
      overlap: true,
      ready: () => (this.#connection.isReady ? undefined : this.#writes.ready()),
      commit: (works, sending) => this.#writes.commit(works, sending),
      source: this,
    })
  }

  async init(create: boolean): Promise<void> {
    if (await this.#prepare(create)) throw importUnfinished()
  }

  /** Judges the server, and creates the namespace or looks at it. @returns whether an import into it is not finished. */
  async #prepare(create: boolean): Promise<boolean> {
    const server = await readServer(this.#connection, this.#deadline())
    judgeServer(server, this.#allowEviction)
    this.#writes.maxRequestBytes = server.maxRequestBytes
    if (server.appendOnly) this.capabilities.add('durable')
    else this.capabilities.delete('durable')
    await judgeRights(this.#connection, this.#deadline())
    const { id, importing, raised } = await openStore(this.#connection, create, () => this.#deadline())
    this.#connection.storeId = id
    this.#raised = raised
    return importing
  }

  async read(call: Call): Promise<unknown> {
    const start = performance.now()
    const earlier = this.#queue.earlier(call)
    if (earlier !== undefined)
      await settleBy(call.deadline, earlier, () => new TimeoutError(performance.now() - start, 'order'))
    const repeat = (script: Script, request: Packable) =>
      this.#connection.repeat(script, request, call.deadline, 'not-applied', start)
    const reader: RedisReader = {
      read: (...request) => repeat(readScript(call.protocol), request),
      remove: (...request) => repeat(removalScript(call.protocol), request),
    }
    return runRead(reader, call)
  }

  write(work: Work): Promise<readonly unknown[]> {
    return this.#queue.push(work)
  }

  watch(changed: () => void): Watching {
    const [key = ''] = this.#connection.keysOf(['events'])
    return watchEvents(this.#server, key, this.#timeoutMs, changed)
  }

  async health(): Promise<Readonly<Record<string, string | number | boolean>>> {
    const deadline = this.#deadline()
    const server = await readServer(this.#connection, deadline)
    const { id } = await lookAtStore(this.#connection, deadline)
    if (id !== this.#connection.storeId) throw otherStore()
    return {
      redisVersion: server.version,
      mode: server.mode,
      role: server.role,
      schemaVersion: SCHEMA_VERSION,
      ...(server.clockMicros === null ? {} : { clock: formatMicros(server.clockMicros) }),
      raisedNumbers: this.#raised,
      evictionPolicy: server.evictionPolicy,
      appendOnly: server.appendOnly,
      appendFsync: server.appendFsync,
      durability: durability(server),
    }
  }

  async close(graceMs: number): Promise<void> {
    await this.#queue.close(graceMs)
    await this.#connection.close()
  }

  readonly transfer: DriverTransfer = {
    counters: async () => {
      const { seq, fence } = await lookAtStore(this.#connection, this.#deadline())
      return { seq, fence }
    },
    ...importEnds(
      (...request) => this.#connection.repeat(importScript, request, this.#deadline(), 'unknown'),
      (create) => this.#prepare(create),
    ),
  }

  #deadline(): number {
    return performance.now() + this.#timeoutMs
  }
}
