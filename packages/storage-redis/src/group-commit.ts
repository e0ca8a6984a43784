import { randomBytes } from 'node:crypto'
import { type Protocol, type QueueEntry, ValueTooLargeError, type WriteQueue } from '@dir/storage-core'
import type { RedisConnection } from './connection.ts'
import { Attempts } from './attempts.ts'
import { isReply, mapError, mayPass } from './errors.ts'
import { frees } from './operations.ts'
import { RecordedWork, type WorkReply } from './recorded-work.ts'
import { writeScript } from './write-script.ts'
import { as } from './session.ts'

/** A call keeps the server from others for about a millisecond at most, and shares one fsync. */
const MAX_ENTRIES = 128
const MAX_BYTES = 512 * 1024
/** What is larger has a script call of its own: where the server ends the connection over it, nobody shares that. */
const LARGE_BYTES = 128 * 1024
/** Where the connection ends over each sending of such a one, it is given up before its time, as others wait. */
const LARGE_SENDINGS = 2
/** What a request needs beside its values. */
const SPARE_BYTES = 64 * 1024
/** The part of the time left that the server gets, so that it has given up when the caller does. */
const SERVER_SHARE = 0.9

/** Settles the entries of one script call. */
type Settle = () => void

/** Carries out the writes of one handle: what waits in the queue in one script call, one call after another. */
export class GroupCommit {
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

  async flush(queue: WriteQueue): Promise<void> {
    try {
      await this.#connection.ready(performance.now() + this.#timeoutMs * SERVER_SHARE)
    } catch (error) {
      rejectAll(queue.take(Infinity), () => mapError(error, 'not-applied'))
      return
    }
    for (let sent = this.#start(queue); sent !== undefined;) {
      const settle: Settle = await sent
      // the next call is on its way before the callers of this one go on
      sent = this.#connection.isReady ? this.#start(queue) : undefined
      settle()
    }
  }

  /** Sends some of what waits; undefined: nothing does. */
  #start(queue: WriteQueue): Promise<Settle> | undefined {
    for (;;) {
      const taken = queue.take(MAX_ENTRIES, MAX_BYTES)
      if (taken.length === 0) return undefined
      const isLarge = (entry: QueueEntry | undefined): boolean => (entry?.work.bytes ?? 0) > LARGE_BYTES
      const end = isLarge(taken[0]) ? 1 : taken.findIndex(isLarge)
      if (end > 0 && end < taken.length) queue.putBack(new Set(taken.slice(end)), new Set())
      const [first] = taken
      if (end !== 1 || first === undefined || !this.#refuses(first))
        return this.#commit(end > 0 ? taken.slice(0, end) : taken)
    }
  }

  /** Refuses what the server would end the connection over. */
  #refuses(entry: QueueEntry): boolean {
    const { bytes } = entry.work
    const most = this.maxRequestBytes - SPARE_BYTES
    if (bytes > most) entry.reject(new ValueTooLargeError('the call', bytes, most))
    return bytes > most
  }

  async #commit(entries: readonly QueueEntry[]): Promise<Settle> {
    const works = entries.map((entry) => new RecordedWork(entry))
    const bytes = entries.reduce((sum, { work }) => sum + work.bytes, 0)
    const deadline = Math.max(...works.map((work) => this.#deadlineOf(work)))
    const attempts = new Attempts(deadline, bytes > MAX_BYTES ? LARGE_SENDINGS : Infinity)
    let replies: readonly WorkReply[]
    try {
      replies = await this.#exchange(works, attempts)
    } catch (error) {
      const alone = entries.length > 1 && isReply(error) && !attempts.inDoubt && !mayPass(error)
      // certainly nothing of it was carried out: what one of them is refused for need not concern the others
      return alone
        ? this.#commitEach(entries)
        : () => rejectAll(entries, () => attempts.failure(error, 'unknown'))
    }
    const again = entries.filter((_, index) => replies[index]?.[0] === 'AGAIN')
    const settleAgain = again.length === 0 ? undefined : await this.#commit(again)
    return () => {
      for (const [index, work] of works.entries()) work.settle(replies[index] ?? ['EXPIRED'])
      settleAgain?.()
    }
  }

  async #commitEach(entries: readonly QueueEntry[]): Promise<Settle> {
    const settles: Settle[] = []
    for (const entry of entries) settles.push(await this.#commit([entry]))
    return () => {
      for (const settle of settles) settle()
    }
  }

  #deadlineOf({ entry }: RecordedWork): number {
    return Math.min(entry.work.deadline, performance.now() + this.#timeoutMs)
  }

  /** Sends a script call, again over the next connection if this one is lost: the server knows its number. */
  async #exchange(works: readonly RecordedWork[], attempts: Attempts): Promise<readonly WorkReply[]> {
    const start = performance.now()
    const deadlines = works.map((work) => this.#deadlineOf(work))
    const deadline = Math.max(...deadlines)
    const onServer = (at: number): number =>
      this.#connection.serverMicros(start + (at - start) * SERVER_SHARE)
    const pieces = works.map((work, index) => work.encode(onServer(deadlines[index] ?? start)))
    const request = [this.#handle, ++this.#calls, onServer(deadline), pieces]
    const script = scriptOf(works)
    for (;;) {
      try {
        const reply = await this.#connection.run(script, request, deadline, start)
        const [now, replies] = as<[number, readonly WorkReply[]]>(reply)
        this.#connection.learnClock(now)
        return replies
      } catch (error) {
        if (!attempts.again(error)) throw error
      }
      await this.#connection.recover(attempts.pauseMs)
      await this.#connection.ready(attempts.nextBy)
    }
  }
}

function scriptOf(works: readonly RecordedWork[]) {
  const protocols = new Set<Protocol>()
  let freeing = true
  for (const { entry } of works)
    for (const call of entry.work.calls) {
      protocols.add(call.protocol)
      freeing &&= frees(call)
    }
  return writeScript(protocols, freeing)
}

function rejectAll(entries: readonly QueueEntry[], errorOf: () => unknown): void {
  // each gets an error of its own, because an error says which call it is about
  for (const entry of entries) entry.reject(errorOf())
}
