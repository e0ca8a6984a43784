import type { QueueEntry, Work, WriteQueue } from '@dir/storage-core'
import { isRefusal } from './wire.ts'
import { Failure } from './failure.ts'

const MOST_ENTRIES = 64

/**
 * Commits the writes of a protocol whose lists are in the order of insertion: one after the other, as they were
 * issued, in one transaction. A write that is alone needs none.
 */
export class OrderedBatch {
  readonly #execute: (work: Work) => Promise<readonly unknown[]>

  constructor(execute: (work: Work) => Promise<readonly unknown[]>) {
    this.#execute = execute
  }

  readonly flush = async (queue: WriteQueue): Promise<void> => {
    const entries = queue.take(MOST_ENTRIES)
    try {
      const answers = await this.#execute({
        calls: entries.flatMap(({ work }) => work.calls),
        atomic: false,
        bytes: 0,
        deadline: Math.max(...entries.map(({ work }) => work.deadline)),
        accessDeadline: null,
      })
      for (const [index, entry] of entries.entries()) entry.resolve([answers[index]])
    } catch (error) {
      const isOnes =
        error instanceof Failure &&
        isRefusal(error.cause) &&
        error.outcome === 'not-applied' &&
        entries.length > 1
      for (const entry of entries) {
        if (isOnes) await this.#separately(entry)
        else entry.reject(error instanceof Failure ? error.toError() : error)
      }
    }
  }

  /** One call's data are no reason to refuse another's. */
  async #separately(entry: QueueEntry): Promise<void> {
    try {
      entry.resolve(await this.#execute(entry.work))
    } catch (error) {
      entry.reject(error instanceof Failure ? error.toError() : error)
    }
  }
}
