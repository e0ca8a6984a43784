import { randomBytes } from 'node:crypto'
import { type Outcome, type Protocol, type QueueEntry, type WriteQueue } from '@dir/storage-core'
import type { RedisConnection } from './connection.ts'
import { NoAnswerError, isReply, mapError } from './errors.ts'
import { frees } from './operations.ts'
import { RecordedWork, type WorkReply } from './recorded-work.ts'
import { writeScript } from './scripts.ts'
import { as } from './session.ts'

/** A call keeps the server from others for about a millisecond at most, and shares one fsync. */
const MAX_ENTRIES = 128
const MAX_BYTES = 1024 * 1024
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

  constructor(connection: RedisConnection, timeoutMs: number) {
    this.#connection = connection
    this.#timeoutMs = timeoutMs
  }

  async flush(queue: WriteQueue): Promise<void> {
    try {
      await this.#connection.ready(performance.now() + this.#timeoutMs * SERVER_SHARE)
    } catch (error) {
      rejectAll(queue.take(Infinity), error, 'not-applied')
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
    const entries: QueueEntry[] = []
    for (let bytes = 0; entries.length < MAX_ENTRIES && bytes < MAX_BYTES;) {
      const [entry] = queue.take(1)
      if (entry === undefined) break
      entries.push(entry)
      bytes += entry.work.bytes
    }
    return entries.length === 0 ? undefined : this.#commit(entries)
  }

  async #commit(entries: readonly QueueEntry[]): Promise<Settle> {
    const works = entries.map((entry) => new RecordedWork(entry))
    try {
      const replies = await this.#exchange(works)
      return () => {
        for (const [index, work] of works.entries()) work.settle(replies[index] ?? ['EXPIRED'])
      }
    } catch (error) {
      if (entries.length === 1 || !isReply(error)) return () => rejectAll(entries, error, 'unknown')
    }
    // nothing of it was carried out: what one of them is refused for need not concern the others
    const settles: Settle[] = []
    for (const entry of entries) settles.push(await this.#commit([entry]))
    return () => {
      for (const settle of settles) settle()
    }
  }

  /** Sends a script call, again over the next connection if this one is lost: the server knows its number. */
  async #exchange(works: readonly RecordedWork[]): Promise<readonly WorkReply[]> {
    const start = performance.now()
    const deadlines = works.map(({ entry }) => Math.min(entry.work.deadline, start + this.#timeoutMs))
    const deadline = Math.max(...deadlines)
    const onServer = (at: number): number =>
      this.#connection.serverMicros(start + (at - start) * SERVER_SHARE)
    const pieces = works.map((work, index) => work.encode(onServer(deadlines[index] ?? start)))
    const request = [this.#handle, ++this.#calls, onServer(deadline), pieces]
    const script = scriptOf(works)
    for (;;) {
      try {
        const reply = await this.#connection.run(script, request, deadline)
        const [now, replies] = as<[number, readonly WorkReply[]]>(reply)
        this.#connection.learnClock(now)
        return replies
      } catch (error) {
        if (isReply(error) || performance.now() >= deadline) throw error
      }
      await this.#connection.recover()
      await this.#connection.ready(deadline).catch(() => {
        throw new NoAnswerError(performance.now() - start)
      })
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

function rejectAll(entries: readonly QueueEntry[], error: unknown, outcome: Outcome): void {
  // each gets an error of its own, because an error says which call it is about
  for (const entry of entries) entry.reject(mapError(error, outcome))
}
