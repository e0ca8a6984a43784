// What every adapter refuses in the same words.
import type { Call } from './call.ts'
import { ConflictError, InsufficientCapacityError, InvalidArgumentError } from '../errors/index.ts'
import type { Demand } from '../protocols/resource-lock.ts'
import { type Micros, fromMicros } from '../rules/amounts.ts'
import { MAX_INT32 } from '../rules/validate.ts'

/** The refusal of a batch for one of its conditions. */
export function conditionFailed(call: Pick<Call, 'method'>): ConflictError {
  return new ConflictError(
    `The condition of ${call.method} does not hold any more; nothing of the batch was written.`,
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
