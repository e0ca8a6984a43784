import { CAPABILITIES, ConfigurationError } from '@dir/storage-core'
import {
  type Call,
  CommitQueue,
  type DriverTransfer,
  type JoinedTransaction,
  type StorageDriver,
  type Watching,
  type Work,
  formatMicros,
  pause,
  timeoutMsOf,
} from '@dir/storage-core/adapter'
import { Connection } from './connection.ts'
import type { MongoContext } from './mongo-context.ts'
import { standalone } from './connecting.ts'
import { isPassing } from './errors.ts'
import { followSome } from './flows.ts'
import { Commits } from './commits.ts'
import { ask } from './operations.ts'
import { Joins } from './join.ts'
import { closeClient } from './client.ts'
import type { Checked } from './options.ts'
import { migrate, missingIndexes, raiseFence, refuseUnfinishedImport } from './migrate.ts'
import { watchEvents } from './watch.ts'
import { SCHEMA_VERSION } from './schema.ts'
import { beginImport, clearImport, finishImport, readCounters, requireImport } from './import.ts'

const MOST_WORKS = 128
const MOST_BYTES = 4 * 1024 * 1024

/** With less time than this, of a short deadline a tenth, a write is not sent any more. */
const MOST_LEAST_MS = 100

/** With less time than this, a read is not asked again. */
const PATIENCE_MS = 100

/** What a server of MongoDB 5.0 says that it speaks. */
const WIRE_OF_5_0 = 13

export class MongoDriver implements StorageDriver {
  readonly backend = 'mongo'
  readonly namespace: string
  readonly capabilities: StorageDriver['capabilities'] = new Set(
    CAPABILITIES.filter((capability) => capability !== 'pythonFile'),
  )
  readonly #connection: Connection
  readonly #isOurs: boolean
  readonly #timeoutMs: number
  readonly #queue: CommitQueue
  readonly #joins: Joins
  #raised: readonly string[] = []

  constructor({ isOurs, handle, ...place }: Checked) {
    this.namespace = place.namespace
    this.#connection = new Connection(place)
    this.#joins = new Joins(this.#connection)
    this.#isOurs = isOurs
    this.#timeoutMs = timeoutMsOf(handle)
    const commits = new Commits(this.#connection)
    this.#queue = new CommitQueue({
      commit: (works, sending) => commits.commit(works, sending),
      mostWorks: MOST_WORKS,
      mostBytes: MOST_BYTES,
      ready: () => this.#connection.turns.ready(),
      overlap: true,
      leastMs: Math.min(MOST_LEAST_MS, this.#timeoutMs / 10),
      source: this,
    })
  }

  async init(create: boolean): Promise<void> {
    await this.#ask(async (context) => {
      await this.#judgeServer()
      await migrate(context, create)
      await refuseUnfinishedImport(context)
      this.#raised = await raiseFence(context)
    })
    if (create) while (await this.#ask(followSome));
  }

  async read(call: Call): Promise<unknown> {
    const earlier = this.#queue.earlier(call)
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#connection.run(call.deadline, 'not-applied', async (context) => {
          await earlier
          return ask(context, call)
        })
      } catch (error) {
        // the server or the way there, and not the call: what only reads may be asked again
        if (!isPassing(error) || performance.now() >= call.deadline - PATIENCE_MS) throw error
        await pause(attempt)
      }
    }
  }

  write(work: Work): Promise<readonly unknown[]> {
    const { importTicket } = work
    return importTicket === undefined ? this.#queue.push(work) : this.#import(work, importTicket)
  }

  join(client: object): JoinedTransaction {
    return this.#joins.join(client)
  }

  watch(changed: () => void): Watching {
    return watchEvents(this.#connection, changed)
  }

  health(): Promise<Readonly<Record<string, string | number | boolean>>> {
    return this.#ask(async (context) => {
      const [hello, build, lacking] = await Promise.all([
        this.#connection.ask({ hello: 1 }),
        this.#connection.ask({ buildInfo: 1 }),
        missingIndexes(context),
      ])
      return {
        mongoVersion: String(build['version']),
        schemaVersion: SCHEMA_VERSION,
        clock: formatMicros((hello['localTime'] as Date).getTime() * 1000),
        ...(lacking === null ? {} : { missingIndexes: lacking.join(', ') }),
        raisedNumbers: this.#raised.join(', '),
        topology: hello['msg'] === 'isdbgrid' ? 'sharded' : 'replica set',
        members: Array.isArray(hello['hosts']) ? hello['hosts'].length : 0,
        writeConcern: 'majority, journaled',
        durable: true,
      }
    })
  }

  async close(graceMs: number): Promise<void> {
    const deadline = performance.now() + graceMs
    await this.#queue.close(graceMs)
    await this.#connection.turns.close()
    await this.#connection.sessions.close(this.#isOurs)
    if (this.#isOurs) await closeClient(this.#connection.client, deadline)
  }

  readonly transfer: DriverTransfer = {
    counters: () => this.#ask(readCounters),
    begin: async (ticket, create) => {
      await this.#ask(async (context) => {
        await this.#judgeServer()
        await migrate(context, create)
      })
      await this.#transaction((inside) => beginImport(inside, ticket))
    },
    clear: (ticket) => this.#transaction((inside) => clearImport(inside, ticket)),
    finish: (ticket, counters) => this.#transaction((inside) => finishImport(inside, ticket, counters)),
  }

  async #transaction<T>(act: (inside: MongoContext) => Promise<T>): Promise<T> {
    const done = await this.#connection.transactions.run(performance.now() + this.#timeoutMs, act)
    this.#connection.lasts.clear()
    return done
  }

  #import({ calls, deadline }: Work, ticket: number): Promise<readonly unknown[]> {
    return this.#connection.transactions.run(deadline, async (inside) => {
      await requireImport(inside, ticket)
      return Promise.all(calls.map((call) => ask(inside, call)))
    })
  }

  #ask<T>(act: (context: MongoContext) => Promise<T>, outcome: 'not-applied' | 'unknown' = 'not-applied') {
    return this.#connection.run(performance.now() + this.#timeoutMs, outcome, act)
  }

  async #judgeServer(): Promise<void> {
    const { client } = this.#connection
    if (client.options.retryWrites === false)
      throw new ConfigurationError(
        'The client must retry writes: without that, a lost connection leaves more unknown than it must. Open it with retryWrites: true.',
        'retryWrites',
        'false',
        'true',
      )
    await client.connect() // after a failure, operations would not do so by themselves
    const hello = await this.#connection.ask({ hello: 1 })
    const members = [hello['hosts'], hello['passives']].flat().filter((host) => typeof host === 'string')
    if (client.options.directConnection === true && members.length > 1)
      throw new ConfigurationError(
        'A direct connection stays on its one member of the set when another becomes the primary, and reads what is old there. Leave out directConnection, and name the set by replicaSet.',
        'directConnection',
        'true',
        'false',
      )
    if (hello['setName'] === undefined && hello['msg'] !== 'isdbgrid') throw standalone('a standalone server')
    if (Number(hello['maxWireVersion']) < WIRE_OF_5_0)
      throw new ConfigurationError(
        'This MongoDB is older than 5.0, and cannot read several documents of one moment. Use 5.0 or newer.',
        'maxWireVersion',
        String(hello['maxWireVersion']),
        String(WIRE_OF_5_0),
      )
    this.#connection.reach.found(hello['msg'] === 'isdbgrid')
  }
}
