// The canonical form in which records leave and enter a store: on disk one JSON line each. Times are instants,
// amounts decimal numbers, JSON columns their exact text.
import { InvalidArgumentError } from '../errors/index.ts'
import { instant as time } from '../rules/validate.ts'

/** Marks a record that this contract cannot hold, and why; its unreadable fields are null. */
export interface Exported {
  readonly unfit?: string
}

/** The highest numbers that a store has issued. */
export interface Counters {
  readonly seq: number
  readonly fence: number
}

/** The last record of an export. */
export interface CountersExport extends Exported, Counters {
  readonly type: 'counters'
  /** How many records stand before it, unfit ones among them. What has not that many is not one whole export. */
  readonly records: number
}

/** In a record a time has one form only, since stores compare it as it stands. */
export function canonicalTime(argument: string, value: unknown): void {
  if (time(argument, value) !== value)
    throw new InvalidArgumentError(argument, 'must be a time in the form 2026-03-01T09:30:00.000000Z')
}
