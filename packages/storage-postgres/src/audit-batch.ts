import { setTimeout as sleep } from 'node:timers/promises'
import type { NewEvent, QueueEntry, WriteQueue } from '@dir/storage-core'
import type { PgConnection } from './connection.ts'
import { append, newBatchId, seqsOf } from './decision-audit.ts'
import { isDisconnection, isRefusal, isSentBefore } from './errors.ts'
import { Failure } from './failure.ts'

const MOST_EVENTS = 1_000
const MOST_BYTES = 4 * 1024 * 1024
const MOST_SENDS = 3

/** Appends the events of many calls by one statement, which commits by itself. */
export class AuditBatch {
  readonly #pg: PgConnection
  readonly #lock: bigint

  constructor(pg: PgConnection, lock: bigint) {
    this.#pg = pg
    this.#lock = lock
  }

  readonly flush = async (queue: WriteQueue): Promise<void> => {
    const entries = take(queue)
    try {
      await this.#append(entries)
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      if (isRefusal(error.cause) && entries.length > 1) await this.#separately(entries)
      else for (const entry of entries) entry.reject(error.toError())
    }
  }

  async #append(entries: readonly QueueEntry[]): Promise<void> {
    const events = entries.flatMap(eventsOf)
    const deadline = Math.max(...entries.map(({ work }) => work.deadline))
    const seqs = await this.#send(deadline, events)
    for (const entry of entries) entry.resolve([seqs.splice(0, eventsOf(entry).length)])
  }

  async #send(deadline: number, events: readonly NewEvent[]): Promise<number[]> {
    const db = this.#pg.session(deadline)
    const batchId = newBatchId()
    let isUnknown = false
    for (let sends = 1; ; sends++) {
      try {
        return await append(db, this.#lock, batchId, events)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        if (isSentBefore(error.cause)) return await seqsOf(db, batchId, events.length).catch(isThere)
        isUnknown ||= error.outcome === 'unknown'
        const pause = 5 + Math.random() * 45
        // the batch's id lets the server keep it once, so it may be sent again
        if (sends < MOST_SENDS && isDisconnection(error.cause) && performance.now() + pause < deadline)
          await sleep(pause)
        else throw isUnknown ? new Failure(error.cause, 'unknown') : error
      }
    }
  }

  /** What the server will not take in company: one call's data are no reason to refuse another's. */
  async #separately(entries: readonly QueueEntry[]): Promise<void> {
    for (const entry of entries) {
      try {
        await this.#append([entry])
      } catch (error) {
        entry.reject(error instanceof Failure ? error.toError() : error)
      }
    }
  }
}

/** The events are there; only their numbers could not be read. */
function isThere(error: unknown): never {
  throw error instanceof Failure ? new Failure(error.cause, 'applied') : error
}

function eventsOf(entry: QueueEntry): readonly NewEvent[] {
  return entry.work.calls[0]?.args[0] as readonly NewEvent[]
}

function take(queue: WriteQueue): QueueEntry[] {
  const entries: QueueEntry[] = []
  for (let count = 0, bytes = 0; count < MOST_EVENTS && bytes < MOST_BYTES;) {
    const [entry] = queue.take(1)
    if (entry === undefined) break
    entries.push(entry)
    count += eventsOf(entry).length
    bytes += entry.work.bytes
  }
  return entries
}
