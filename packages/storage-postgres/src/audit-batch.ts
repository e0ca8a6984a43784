import { setTimeout as sleep } from 'node:timers/promises'
import type { NewEvent, QueueEntry, WriteQueue } from '@dir/storage-core'
import type { PgConnection } from './connection.ts'
import { append, newBatchId, seqsOf } from './decision-audit.ts'
import { Failure, outcomeAfter, unknownBefore } from './failure.ts'
import { isDisconnection, isRefusal, isSentBefore } from './wire.ts'

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
      // what the server will not take in company, if it certainly took none: one call's data are no reason to refuse another's
      const isOnes = error instanceof Failure && isRefusal(error.cause) && error.outcome === 'not-applied'
      for (const entry of entries) {
        if (isOnes && entries.length > 1)
          await this.#append([entry]).catch((own: unknown) => refuse(entry, own))
        else refuse(entry, error)
      }
    }
  }

  async #append(entries: readonly QueueEntry[]): Promise<void> {
    const events = entries.flatMap(eventsOf)
    const deadline = Math.max(...entries.map(({ work }) => work.deadline))
    const seqs = await this.#send(deadline, events)
    for (const entry of entries) entry.resolve([seqs.splice(0, eventsOf(entry).length)])
  }

  /** The batch's id lets the server keep it once, so it may be sent again, and asked for where that is refused. */
  async #send(deadline: number, events: readonly NewEvent[]): Promise<number[]> {
    const db = this.#pg.session(deadline)
    const batchId = newBatchId()
    let isUnknown = false
    for (let sends = 1; ; sends++) {
      try {
        // sent again, it leaves time to ask
        const end = sends === 1 ? deadline : deadline - 0.3 * (deadline - performance.now())
        return await append(this.#pg.session(end), this.#lock, batchId, events)
      } catch (error) {
        const failure = error instanceof Failure ? error : null
        const isThere = isSentBefore(failure?.cause)
        isUnknown ||= outcomeAfter(error) === 'unknown'
        const pause = 5 + Math.random() * 45
        if (
          failure !== null &&
          sends < MOST_SENDS &&
          isDisconnection(failure.cause) &&
          performance.now() + pause < deadline
        ) {
          await sleep(pause)
          continue
        }
        if (!isThere && !isUnknown) throw error
        // a refusal of this sending says nothing about the earlier ones
        const seqs = await seqsOf(db, batchId, events.length).catch(() => null)
        if (seqs !== null) return seqs
        throw isThere && failure !== null ? failure.as('applied') : unknownBefore(error)
      }
    }
  }
}

function refuse(entry: QueueEntry, error: unknown): void {
  entry.reject(error instanceof Failure ? error.toError() : error)
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
