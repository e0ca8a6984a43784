// What every adapter refuses in the same words.
import type { Call } from './call.ts'
import { ConflictError, InsufficientCapacityError, InvalidArgumentError } from '../errors/index.ts'
import type { Demand } from '../protocols/resource-lock.ts'
import { type Micros, fromMicros } from '../rules/amounts.ts'
import { MAX_INT32 } from '../rules/validate.ts'

/** What a condition finds, but for statuses of flows; see `FalseCondition`. */
const INSTEAD: Readonly<Record<string, string>> = {
  other: 'there is another text',
  finished: 'there is a result',
  claimed: 'there is a claim with another token',
  RESOLVED: 'it is decided',
  PENDING: 'it was opened again',
}

/** So much of a status is shown; `found` has all of it. */
const MOST_SHOWN = 80

function shown(status: string): string {
  return JSON.stringify(status.length > MOST_SHOWN ? `${status.slice(0, MOST_SHOWN)}…` : status)
}

/** The refusal of a batch for the condition of one of its calls; `found`: what stood there instead, null for nothing. */
export function conditionFailed(
  calls: Readonly<Record<number, Pick<Call, 'protocol' | 'method'>>>,
  position: number,
  found: string | null = null,
): ConflictError {
  const { protocol, method } = calls[position] ?? { protocol: '', method: '' }
  const instead =
    found === null
      ? 'there is none'
      : protocol === 'lifecycle'
        ? `the flow is ${shown(found)}`
        : (INSTEAD[found] ?? 'there is another')
  return new ConflictError(
    `The condition of ${protocol}.${method} (operation ${position} of the batch, counted from 0) does not hold: ${instead}. Nothing of the batch was written.`,
    {},
    { position, found },
  )
}

/** The refusal of a demand: `locked` is what the other flows hold. */
export function noRoom(demand: Demand, locked: Micros): InsufficientCapacityError {
  const { resourceId, micros, capacity } = demand
  return new InsufficientCapacityError(
    resourceId,
    fromMicros(micros),
    fromMicros(locked),
    fromMicros(capacity),
  )
}

/** One more than `value`; throws where that is no count any more. */
export function nextCount(value: number): number {
  if (value >= MAX_INT32) throw new InvalidArgumentError('count', `is at its largest, ${MAX_INT32}, already`)
  return value + 1
}

/** What writes, `init` and another import are refused with while the store's mark says that it is being filled. */
export function importUnfinished(): ConflictError {
  return new ConflictError('An import into this store is not finished. Run it again to its end first.')
}

/** What a page or the end of an import is refused with where the store's mark is another's. */
export function importTakenOver(): ConflictError {
  return new ConflictError(
    'Another import into this store began meanwhile and removed what this one had written.',
  )
}
