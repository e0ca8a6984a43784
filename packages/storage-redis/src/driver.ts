import {
  ATOMIC_CAPABILITIES,
  type Call,
  type Capability,
  ConflictError,
  type DriverTransfer,
  SchemaError,
  type StorageDriver,
  TimeoutError,
  type Work,
  WriteQueue,
  importTakenOver,
  settleBy,
  timeoutMsOf,
} from '@dir/storage-core'
import { RedisConnection } from './connection.ts'
import { NoAnswerError, mapError, newerSchema } from './errors.ts'
import { GroupCommit } from './group-commit.ts'
import { runCall } from './operations.ts'
import type { CheckedOptions } from './options.ts'
import type { Script } from './script.ts'
import { SCHEMA_VERSION, importScript, readScript, schemaScript } from './scripts.ts'
import { type ServerFacts, durability, judgeServer, readServers } from './server.ts'
import { type Argument, type RedisSession, type Reply, as } from './session.ts'

const VERSION = String(SCHEMA_VERSION)

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
  readonly #queue: WriteQueue
  readonly #allowEviction: boolean
  readonly #timeoutMs: number

  constructor({ server, namespace, allowEviction, handle }: CheckedOptions) {
    this.#timeoutMs = timeoutMsOf(handle)
    this.#allowEviction = allowEviction
    this.#connection = new RedisConnection(server, namespace, this.#timeoutMs)
    const commit = new GroupCommit(this.#connection, this.#timeoutMs)
    this.#queue = new WriteQueue({ flush: (queue) => commit.flush(queue) })
  }

  async init(create: boolean): Promise<void> {
    if (await this.#prepare(create))
      throw new ConflictError('An import into this store is not finished. Run it again to its end first.')
  }

  /** Judges the server, and creates the namespace or looks at it. @returns whether an import into it is not finished. */
  async #prepare(create: boolean): Promise<boolean> {
    const servers = await this.#facts()
    for (const server of servers) judgeServer(server, this.#allowEviction)
    if (servers.every((server) => server.appendOnly)) this.capabilities.add('durable')
    else this.capabilities.delete('durable')
    const reply = await this.#whole(schemaScript, 'schema_init', VERSION, create ? 1 : null)
    const [version, importing] = as<[string | null, number]>(reply)
    if (version === null)
      throw new SchemaError('There is no such namespace, and init: false creates none.', 'none', '1')
    if (version !== VERSION) throw newerSchema(version)
    return importing === 1
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
        this.#connection.repeat(readScript(protocol), [name, ...args], call.deadline, 'not-applied'),
      write: () => Promise.reject(new TypeError('a read does not write')),
      attempt: () => Promise.reject(new TypeError('a read does not write')),
    }
    return runCall(session, call)
  }

  write(work: Work): Promise<readonly unknown[]> {
    return this.#queue.push(work)
  }

  async health(): Promise<Readonly<Record<string, string | number | boolean>>> {
    const [server] = await this.#facts()
    if (server === undefined) return {}
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
      const [seq, fence] = as<[string | null, string | null]>(
        await this.#whole(schemaScript, 'schema_counters'),
      )
      return { seq: Number(seq ?? 0), fence: Number(fence ?? 0) }
    },
    begin: async (ticket, create) => {
      await this.#prepare(create)
      if ((await this.#whole(importScript, 'import_begin', VERSION, String(ticket))) !== 1)
        throw new ConflictError('This store is not empty. Import into a new one, or drop this one first.')
    },
    finish: async (ticket, { seq, fence }) => {
      if ((await this.#whole(importScript, 'import_finish', String(ticket), seq, fence)) !== 1)
        throw importTakenOver()
    },
  }

  /** Runs what concerns the namespace as a whole. All of that may run twice. */
  #whole(script: Script, name: string, ...args: readonly Argument[]): Promise<Reply> {
    return this.#connection.repeat(script, [name, ...args], performance.now() + this.#timeoutMs, 'unknown')
  }

  async #facts(): Promise<readonly ServerFacts[]> {
    const deadline = performance.now() + this.#timeoutMs
    try {
      await this.#connection.ready(deadline)
      await this.#connection.selectDatabase()
      return await settleBy(deadline, readServers(this.#connection), () => new NoAnswerError(this.#timeoutMs))
    } catch (error) {
      throw mapError(error, 'not-applied')
    }
  }
}
