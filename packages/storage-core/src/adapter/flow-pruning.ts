import { type FlowPruning, oldBefore } from '../protocols/pruning.ts'
import type { Instant } from '../rules/time.ts'
import type { SyncImplementation } from './call.ts'
import { conditionalWrite } from './sync-operations.ts'

/** How one protocol prunes a flow, where the store answers synchronously. */
interface FlowPart<Context> {
  /** The backend's clock; default the host's. */
  readonly now?: (context: Context) => Instant
  /** Whether the flow is over by this protocol; default it always is. */
  readonly isOver?: (context: Context, dfid: string, before: Instant, status: string) => boolean
  /** How many records it has of it; default none. */
  readonly count?: (context: Context, dfid: string) => number
  /** Called where there are no records too: there may be something else of the flow. */
  readonly remove?: (context: Context, dfid: string) => void
}

/** `FlowPruning.pruneFlow` of its parts. */
export function flowPruning<Context>({
  now,
  isOver = () => true,
  count = () => 0,
  remove = () => {},
}: FlowPart<Context>): SyncImplementation<FlowPruning, Context>['pruneFlow'] {
  return conditionalWrite(
    (context: Context, dfid: string, status: string, before: Instant, kept: number, _dryRun: boolean) =>
      isOver(context, dfid, oldBefore(before, kept, now?.(context)), status),
    (context, dfid, _status, _before, _kept, dryRun) => {
      const found = count(context, dfid)
      if (!dryRun) remove(context, dfid)
      return found
    },
  )
}
