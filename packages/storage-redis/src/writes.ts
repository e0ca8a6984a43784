import { randomBytes } from 'node:crypto'
import { type Protocol, TimeoutError, ValueTooLargeError } from '@dir/storage-core'
import {
  type Call,
  type Sending,
  type Work,
  type WorkResult,
  conditionFailed,
  importTakenOver,
  locate,
} from '@dir/storage-core/adapter'
import { Attempts } from './attempts.ts'
import type { RedisConnection } from './connection.ts'
import { failedScript, isReply, isUnsent, isWrongServer, mapError, mayPass } from './errors.ts'
import type { Packable } from './msgpack.ts'
import { type Reply, as, foundIn } from './protocol.ts'
import { writeOf } from './protocols.ts'
import { writeScript } from './write-script.ts'

/** A script call keeps the server from others for about a millisecond at most, and shares one fsync. */
export const COMMIT_LIMITS = {
  mostWorks: 128,
  mostBytes: 512 * 1024,
  // where the server ends the connection over what is larger, nobody shares that
  aloneBytes: 128 * 1024,
} as const

/** Where the connection ends over each sending of so large a call, it is given up before its time, as others wait. */
const LARGE_SENDINGS = 2
/** What a request needs beside its values. */
const SPARE_BYTES = 64 * 1024
/** The part of the time left that the server gets, so that it has given up when the caller does. */
const SERVER_SHARE = 0.9

/** The script's answer to one piece of work; see there. */
type WorkReply = Told | readonly ['AGAIN']
type Told =
  | readonly ['DONE', ...Reply[]]
  | readonly ['REFUSED', number, Reply]
  | readonly ['EXPIRED' | 'TAKEN_OVER']
  | readonly ['FAILED', number, string]

/** Carries out the writes of one handle: each commit is one script call. */
export class Writes {
  readonly #connection: RedisConnection
  readonly #timeoutMs: number
  readonly #handle: string = randomBytes(12).toString('base64')
  #calls = 0
  /** How large a request the server takes. */
  maxRequestBytes = Infinity

  constructor(connection: RedisConnection, timeoutMs: number) {
    this.#connection = connection
    this.#timeoutMs = timeoutMs
  }

  /** Resolves when something can be sent. */
  async ready(): Promise<void> {
    try {
      await this.#connection.ready(performance.now() + this.#timeoutMs * SERVER_SHARE)
    } catch (error) {
      throw mapError(error, 'not-applied')
    }
  }

  async commit(works: readonly Work[], sending: Sending): Promise<readonly WorkResult[]> {
    const start = performance.now()
    const bytes = works.reduce((sum, work) => sum + work.bytes, 0)
    const most = this.maxRequestBytes - SPARE_BYTES
    // what is so large is alone; the server would end the connection over it
    if (bytes > most) return works.map(() => ({ error: new ValueTooLargeError('the call', bytes, most) }))
    if (!sending(works)) return works.map(() => 'again')
    const deadlines = works.map((work) => Math.min(work.deadline, start + this.#timeoutMs))
    const deadline = Math.max(...deadlines)
    const attempts = new Attempts(deadline, bytes > COMMIT_LIMITS.mostBytes ? LARGE_SENDINGS : Infinity)
    try {
      const replies = await this.#exchange(works, deadlines, deadline, start, attempts)
      return works.map((work, index) => resultOf(work, replies[index] ?? ['EXPIRED'], start))
    } catch (error) {
      const concernsAll = mayPass(error) || isWrongServer(error)
      const alone = works.length > 1 && isReply(error) && !attempts.inDoubt && !concernsAll
      // certainly nothing of it was carried out: what one of them is refused for need not concern the others
      if (alone) return this.#commitEach(works, sending)
      return works.map(() => ({ error: attempts.failure(error, 'unknown') }))
    }
  }

  async #commitEach(works: readonly Work[], sending: Sending): Promise<readonly WorkResult[]> {
    const results: WorkResult[] = []
    for (const work of works) results.push(...(await this.commit([work], sending)))
    return results
  }

  /** Sends a script call, again over the next connection if this one is lost: the server knows its number. */
  async #exchange(
    works: readonly Work[],
    deadlines: readonly number[],
    deadline: number,
    start: number,
    attempts: Attempts,
  ): Promise<readonly WorkReply[]> {
    const onServer = (at: number): number =>
      this.#connection.serverMicros(start + (at - start) * SERVER_SHARE)
    const request: Packable[] = [this.#handle, ++this.#calls, onServer(deadline)]
    for (const [index, work] of works.entries()) addWork(request, work, onServer(deadlines[index] ?? start))
    const script = scriptOf(works)
    for (;;) {
      let isUnsentYet: boolean
      try {
        const reply = await this.#connection.run(script, request, deadline, start)
        const [now, answers] = as<[number, string]>(reply)
        this.#connection.learnClock(now)
        return JSON.parse(answers) as readonly WorkReply[]
      } catch (error) {
        if (!attempts.again(error)) throw error
        isUnsentYet = isUnsent(error) && !attempts.inDoubt
      }
      await this.#connection.recover(attempts.pauseMs)
      if (isUnsentYet) return works.map(() => ['AGAIN'])
      await this.#connection.ready(attempts.nextBy)
    }
  }
}

function scriptOf(works: readonly Work[]) {
  const protocols = new Set<Protocol>()
  let needsNoMemory = true
  for (const { calls } of works)
    for (const call of calls) {
      protocols.add(call.protocol)
      needsNoMemory &&= writeOf(call).needsNoMemory
    }
  return writeScript(protocols, needsNoMemory)
}

/** Adds what the script takes of it, with a deadline on the server's clock. */
function addWork(request: Packable[], { calls, importTicket }: Work, deadlineMicros: number): void {
  request.push(deadlineMicros, importTicket === undefined ? null : String(importTicket), 0)
  const start = request.length
  for (const call of calls) {
    const args = writeOf(call).request(...call.args)
    request.push(call.protocol, call.operation, args.length, ...args)
  }
  request[start - 1] = request.length - start
}

function resultOf(work: Work, reply: WorkReply, start: number): WorkResult {
  try {
    if (reply[0] === 'AGAIN') return 'again'
    return { answers: answersOf(work, reply, start) }
  } catch (error) {
    return { error }
  }
}

function answersOf({ calls, atomic }: Work, reply: Told, start: number): readonly unknown[] {
  switch (reply[0]) {
    case 'DONE':
      return calls.map((call, index) => writeOf(call).answer(reply[index + 1] ?? null, ...call.args))
    case 'REFUSED': {
      const call = calls[reply[1]] as Call
      try {
        const answer = writeOf(call).refused(reply[2], ...call.args)
        if (!atomic) return [answer]
        throw conditionFailed(calls, reply[1], foundIn(reply[2]))
      } catch (error) {
        throw atomic ? locate(error, '', call.protocol, call.method) : error
      }
    }
    case 'EXPIRED':
      throw new TimeoutError(performance.now() - start, 'connect')
    case 'TAKEN_OVER':
      throw importTakenOver()
    case 'FAILED':
      throw failedScript(reply[2], reply[1] === 1)
  }
}
