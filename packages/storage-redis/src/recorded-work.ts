import { type Call, ConflictError, type QueueEntry, TimeoutError, locate } from '@dir/storage-core'
import { failedScript } from './errors.ts'
import { runCall } from './operations.ts'
import { type Argument, type RedisSession, Refused, type Reply } from './session.ts'

interface Write {
  readonly name: string
  readonly args: readonly Argument[]
  resolve(reply: Reply): void
  reject(error: unknown): void
}

/** A reply's part for one piece of work; see the script. */
export type WorkReply =
  | readonly ['DONE', readonly Reply[]]
  | readonly ['REFUSED', number, readonly Reply[]]
  | readonly ['EXPIRED']
  | readonly ['FAILED', number, string]

/** One entry of the queue on its way through the script: what its operations write, and how they are told the answers. */
export class RecordedWork {
  readonly entry: QueueEntry
  readonly #writes: Write[] = []
  readonly #answers: Promise<readonly unknown[]>

  constructor(entry: QueueEntry) {
    this.entry = entry
    const { calls, atomic } = entry.work
    this.#answers = Promise.all(calls.map((call) => this.#record(call, atomic)))
    this.#answers.catch(() => {}) // it is awaited when the reply is there
  }

  /** As the script takes it, with a deadline on the server's clock. */
  encode(deadlineMicros: number): Argument[] {
    const args: Argument[] = [deadlineMicros, this.#writes.length]
    for (const write of this.#writes) {
      args.push(write.name, write.args.length)
      for (const arg of write.args) args.push(arg)
    }
    return args
  }

  settle(reply: WorkReply): void {
    const { entry } = this
    switch (reply[0]) {
      case 'DONE':
        for (const [index, write] of this.#writes.entries()) write.resolve(reply[1][index] ?? null)
        break
      case 'REFUSED':
        this.#writes[reply[1]]?.reject(new Refused(reply[2]))
        break
      case 'EXPIRED':
        entry.reject(new TimeoutError(performance.now() - this.#recordedAt, 'it reached the server too late'))
        return
      case 'FAILED':
        entry.reject(failedScript(reply[2], reply[1]))
        return
    }
    this.#answers.then(
      (answers) => entry.resolve(answers),
      (error: unknown) => entry.reject(error),
    )
  }

  readonly #recordedAt: number = performance.now()

  async #record(call: Call, atomic: boolean): Promise<unknown> {
    try {
      return await runCall(this.#session(call, atomic), call)
    } catch (error) {
      throw locate(error, '', call.protocol, call.method)
    }
  }

  #session({ method }: Call, atomic: boolean): RedisSession {
    const write: RedisSession['write'] = (name, ...args) =>
      new Promise((resolve, reject) => this.#writes.push({ name, args, resolve, reject }))
    return {
      read: () => Promise.reject(new TypeError('a write does not read')),
      write,
      async attempt(name, ...args) {
        try {
          await write(name, ...args)
          return true
        } catch (error) {
          if (!(error instanceof Refused)) throw error
          if (!atomic) return false
          throw new ConflictError(
            `The condition of ${method} does not hold any more; nothing of the batch was written.`,
          )
        }
      },
    }
  }
}
