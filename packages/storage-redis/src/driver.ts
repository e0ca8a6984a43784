import {
  ATOMIC_CAPABILITIES,
  type Call,
  type Capability,
  ConflictError,
  type DriverTransfer,
  type StorageDriver,
  TimeoutError,
  type Work,
  WriteQueue,
  importTakenOver,
  settleBy,
  timeoutMsOf,
} from '@dir/storage-core'
import { RedisConnection } from './connection.ts'
import { otherStore } from './schema-errors.ts'
import { GroupCommit } from './group-commit.ts'
import { SCHEMA_VERSION } from './meta.ts'
import { runCall } from './operations.ts'
import type { CheckedOptions } from './options.ts'
import { readScript } from './read-script.ts'
import { durability, judgeServer, readServer } from './server.ts'
import type { Argument, RedisSession, Reply } from './session.ts'
import { judgeRights, lookAtStore, openStore } from './store.ts'
import { importScript } from './store-script.ts'

export class RedisDriver implements StorageDriver {
  readonly backend = 'redis'
  /** `durable` joins them when `init` has seen that the server keeps an append-only file. */
  readonly capabilities: Set<Capability> = new Set([
    ...ATOMIC_CAPABILITIES,
    'leases',
    'atomically',
    'export',
    'processes',
  ])
  readonly #connection: RedisConnection
  readonly #commit: GroupCommit
  readonly #queue: WriteQueue
  readonly #allowEviction: boolean
  readonly #timeoutMs: number

  constructor({ server, namespace, allowEviction, handle }: CheckedOptions) {
    this.#timeoutMs = timeoutMsOf(handle)
    this.#allowEviction = allowEviction
    this.#connection = new RedisConnection(server, namespace, this.#timeoutMs)
    this.#commit = new GroupCommit(this.#connection, this.#timeoutMs)
    this.#queue = new WriteQueue({ flush: (queue) => this.#commit.flush(queue) })
  }

  async init(create: boolean): Promise<void> {
    if (await this.#prepare(create))
      throw new ConflictError('An import into this store is not finished. Run it again to its end first.')
  }

  /** Judges the server, and creates the namespace or looks at it. @returns whether an import into it is not finished. */
  async #prepare(create: boolean): Promise<boolean> {
    const server = await readServer(this.#connection, this.#deadline())
    judgeServer(server, this.#allowEviction)
    this.#commit.maxRequestBytes = server.maxRequestBytes
    if (server.appendOnly) this.capabilities.add('durable')
    else this.capabilities.delete('durable')
    await judgeRights(this.#connection, this.#deadline())
    const { id, importing } = await openStore(this.#connection, create, this.#deadline())
    this.#connection.storeId = id
    return importing
  }

  async read(call: Call): Promise<unknown> {
    const start = performance.now()
    const earlier = this.#queue.earlierWrites(call)
    if (earlier !== undefined)
      await settleBy(
        call.deadline,
        earlier,
        () => new TimeoutError(performance.now() - start, 'waiting for earlier writes'),
      )
    const session: RedisSession = {
      read: (protocol, name, ...args) =>
        this.#connection.repeat(readScript(protocol), [name, ...args], call.deadline, 'not-applied', start),
      write: () => Promise.reject(new TypeError('a read does not write')),
      attempt: () => Promise.reject(new TypeError('a read does not write')),
    }
    return runCall(session, call)
  }

  write(work: Work): Promise<readonly unknown[]> {
    return this.#queue.push(work)
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
    begin: async (ticket, create) => {
      await this.#prepare(create)
      if ((await this.#import('import_begin', String(ticket))) !== 1)
        throw new ConflictError('This store is not empty. Import into a new one, or drop this one first.')
    },
    finish: async (ticket, { seq, fence }) => {
      if ((await this.#import('import_finish', String(ticket), seq, fence)) !== 1) throw importTakenOver()
    },
  }

  /** Runs a step of an import. Each may run twice. */
  #import(name: string, ...args: readonly Argument[]): Promise<Reply> {
    return this.#connection.repeat(importScript, [name, ...args], this.#deadline(), 'unknown')
  }

  #deadline(): number {
    return performance.now() + this.#timeoutMs
  }
}
