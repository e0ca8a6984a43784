import {
  type Call,
  type QueueEntry,
  TimeoutError,
  conditionFailed,
  importTakenOver,
  locate,
} from '@dir/storage-core'
import { failedScript } from './errors.ts'
import type { Packable } from './msgpack.ts'
import { runCall } from './operations.ts'
import { type RedisSession, Refused, type Reply } from './session.ts'

interface Write {
  /** Name and arguments. */
  readonly request: Packable
  resolve(reply: Reply): void
  reject(error: unknown): void
}

/** A reply's part for one piece of work; see the script. */
export type WorkReply =
  | readonly ['DONE', readonly Reply[]]
  | readonly ['REFUSED', number, readonly Reply[]]
  | readonly ['EXPIRED']
  | readonly ['FAILED', number, string]
  | readonly ['AGAIN']

/** One entry of the queue on its way through the script: what its operations write, and how they are told the answers. */
export class RecordedWork {
  readonly entry: QueueEntry
  readonly #recordedAt: number = performance.now()
  readonly #writes: Write[] = []
  readonly #answers: Promise<unknown>[]

  constructor(entry: QueueEntry) {
    this.entry = entry
    const { importTicket } = entry.work
    if (importTicket !== undefined) this.#require(importTicket)
    this.#answers = entry.work.calls.map((call) => runCall(this.#session(call), call))
  }

  /** As the script takes it, with a deadline on the server's clock. */
  encode(deadlineMicros: number): Packable {
    return [deadlineMicros, this.#writes.map((write) => write.request)]
  }

  settle(reply: WorkReply): void {
    const { entry } = this
    switch (reply[0]) {
      case 'DONE':
        for (const [index, write] of this.#writes.entries()) write.resolve(reply[1][index] ?? null)
        return this.#pass()
      case 'REFUSED':
        this.#writes[reply[1]]?.reject(new Refused(reply[2]))
        return this.#pass()
      case 'EXPIRED': {
        const waited = performance.now() - this.#recordedAt
        return entry.reject(new TimeoutError(waited, 'it reached the server too late'))
      }
      case 'FAILED':
        return entry.reject(failedScript(reply[2], reply[1] === 1))
      case 'AGAIN': // it is sent once more, as new work
    }
  }

  /** Hands on what the operations made of the replies. A refused one answers alone: the others' wait for ever. */
  #pass(): void {
    const { entry } = this
    const { calls, atomic } = entry.work
    const answers = atomic
      ? this.#answers.map((answer, index) =>
          answer.catch((error: unknown) => {
            const call = calls[index]
            throw call === undefined ? error : locate(error, '', call.protocol, call.method)
          }),
        )
      : this.#answers
    Promise.all(answers).then(
      (all) => entry.resolve(all),
      (error: unknown) => entry.reject(error),
    )
  }

  /** Has the whole be refused where another import has begun. */
  #require(importTicket: number): void {
    const reject = (): void => this.entry.reject(importTakenOver())
    this.#writes.push({ request: ['import_page', String(importTicket)], resolve: () => {}, reject })
  }

  #session(call: Call): RedisSession {
    const { atomic } = this.entry.work
    const write: RedisSession['write'] = (name, ...args) =>
      new Promise((resolve, reject) => this.#writes.push({ request: [name, ...args], resolve, reject }))
    return {
      read: () => Promise.reject(new TypeError('a write does not read')),
      write,
      async attempt(name, ...args) {
        try {
          await write(name, ...args)
          return true
        } catch (error) {
          if (!(error instanceof Refused)) throw error
          if (atomic) throw conditionFailed(call)
          return false
        }
      },
    }
  }
}
