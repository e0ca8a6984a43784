import { InvalidArgumentError } from '../errors/index.ts'
import type { StorageRecord } from '../protocols/index.ts'

/**
 * Looks whether records are one whole export, whatever became of it on the way: cut off, put together from two, resumed
 * with an overlap. For that its last record says how many there are.
 */
export class WholeExport {
  #records = 0
  #lastSeq = -1
  #announced: number | undefined

  /** @throws InvalidArgumentError if `record` cannot come next. */
  take(record: StorageRecord, isFit: boolean): void {
    if (this.#announced !== undefined)
      throw broken('go on after their counters, which are the last record of an export')
    if (record.type === 'counters') {
      this.#announced = isFit ? record.records : undefined
      return
    }
    this.#records++
    if (record.type !== 'event' || !isFit) return
    if (record.seq <= this.#lastSeq) throw broken('have a seq that does not rise')
    this.#lastSeq = record.seq
  }

  /** @throws InvalidArgumentError if something is missing, or there more than once. */
  end(): void {
    if (this.#announced === undefined)
      throw broken('end without their counters, the last record of an export')
    if (this.#announced !== this.#records)
      throw broken(`are ${this.#records}, of an export of ${this.#announced}`)
  }
}

function broken(how: string): InvalidArgumentError {
  return new InvalidArgumentError(
    'records',
    `are not one whole export: they ${how}. Import one from its first record to its last`,
  )
}
