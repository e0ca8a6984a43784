import { setTimeout as sleep } from 'node:timers/promises'
import type { NewEvent, QueueEntry, WriteQueue } from '@dir/storage-core'
import type { PgConnection } from './connection.ts'
import { append, identified } from './decision-audit.ts'
import { isDisconnection, isRefusal } from './errors.ts'
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
    const events = identified(entries.flatMap(eventsOf))
    const deadline = Math.max(...entries.map(({ work }) => work.deadline))
    let isUnknown = false
    for (let sends = 1; ; sends++) {
      try {
        const seqs = await append(this.#pg.session(deadline), this.#lock, events)
        for (const entry of entries) entry.resolve([seqs.splice(0, eventsOf(entry).length)])
        return
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        isUnknown ||= error.outcome === 'unknown'
        const pause = 5 + Math.random() * 45
        // their ids let the server keep each event once, so events may be sent again
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
