import { type Micros, MAX_MICROS, fromMicros } from '../rules/amounts.ts'
import {
  HOLD,
  type Hold,
  type HoldExport,
  type HoldFilter,
  type HoldPageFilter,
  type HoldRow,
  contradictionIn,
  listed,
  toHold,
} from './holds.ts'
import { type Page, protocol } from './protocol.ts'
import type { FlowPruning } from './pruning.ts'
import { InvalidArgumentError } from '../errors/index.ts'
import type { Instant } from '../rules/time.ts'
import { amounts } from '../rules/objects.ts'
import { checkedOptions } from '../rules/fields.ts'
import { durationMicros, id, nullable, seconds, sequence } from '../rules/validate.ts'

/** Amounts by resource id. */
type Amounts = Readonly<Record<string, number>>

export interface AcquireOptions {
  /** The total of each resource; every named resource needs an entry. Check and write are then one atomic step. */
  readonly capacities?: Amounts
  /** The hold ends by itself after so many seconds, on the backend's clock. Without it, it never does. */
  readonly leaseSec?: number
}

export interface Grant {
  /** Exceeds the fence of every acquire that ended before, or that shares its flow or a resource: executors refuse older ones. */
  readonly fence: number
  readonly expiresAt: Instant | null
}

export interface FenceOptions {
  /** Touch only holds whose fence is not newer than this one. */
  readonly fence?: number
}

/** Which capital is reserved, by flow and resource. Source: `ResourceLockStorage`. */
export interface ResourceLockStorage {
  /** The same call as the handle's `init`. */
  initSchema(): Promise<void>
  /** The sum that flows other than `excludeDfid` hold (null excludes nobody). @throws StoredDataError if a stored amount of this resource cannot be summed. */
  getLockedAmount(resourceId: string, excludeDfid: string | null): Promise<number>
  /**
   * Reserves all of `resources` for a flow, or none of them.
   *
   * An amount the flow already holds is replaced, with its lease, fence and time; its other holds stay. With
   * `capacities`, check and write are one atomic step. Amounts are kept to six decimal places; 0 is a real hold.
   *
   * @param timeoutSec how long to wait for another holder's exclusive access; 0 is one attempt that does not wait.
   * @returns false if exclusive access was not had in that time; then nothing is reserved, now or later.
   * @throws InsufficientCapacityError naming the first resource, in id order, without room; nothing is written.
   */
  acquireBatch(
    dfid: string,
    resources: Amounts,
    timeoutSec: number,
    options?: AcquireOptions,
  ): Promise<boolean>
  /** The same step as `acquireBatch`, telling the fence and the lease's end; null where that returns false. */
  acquire(
    dfid: string,
    resources: Amounts,
    timeoutSec: number,
    options?: AcquireOptions,
  ): Promise<Grant | null>
  /** Removes all holds of the flow (with `fence`: those not newer); an unknown flow is ignored. */
  release(dfid: string, options?: FenceOptions): Promise<void>
  /** Sets the end of the flow's live leased holds to now + `leaseSec`; holds without a lease stay as they are. @returns whether there was one; in a batch, a condition. */
  renew(dfid: string, leaseSec: number, options?: FenceOptions): Promise<boolean>
  /** The live holds, of a flow or a resource if given, by fence, dfid and resourceId. */
  getHolds(filter?: { readonly dfid?: string; readonly resourceId?: string }): Promise<Hold[]>
  /**
   * Goes through the live holds in the order of `getHolds`, page by page, up to what is there when it gets there. Each is as
   * it was when its page was read; one that is acquired again has a new fence, and so comes again if it came before. One of
   * which something cannot be read is there with its `error`. A page costs a look at some 500 holds at most, of all that there
   * are: those of one flow or resource `getHolds` finds sooner.
   */
  listHolds(filter?: HoldFilter): AsyncIterable<Hold>
}

/** One resource of an acquire. */
export interface Demand {
  readonly resourceId: string
  readonly micros: Micros
  /** What the total must not exceed; `MAX_MICROS` where the caller gave no capacity. */
  readonly capacity: Micros
}

export interface AcquireRequest {
  readonly dfid: string
  /** In the order in which ids sort. */
  readonly demands: readonly Demand[]
  readonly leaseMicros: number | null
}

/** What an adapter reads. Expired holds do not exist. */
export interface ResourceLockReads {
  getLockedAmount(resourceId: string, excludeDfid: string | null): Micros
  getHolds(dfid: string | null, resourceId: string | null): HoldRow[]
  /**
   * Those that `filter` takes of some 500 holds after `cursor` (null: from the start), by fence, dfid and resourceId. Looks at
   * no more of them at once, so that a page may be empty and not the last.
   */
  holdsPage(filter: HoldPageFilter, cursor: string | null): Page<HoldRow>
}

/**
 * What an adapter judges and writes. Expired holds do not exist, and are removed when met. `pruneFlow` asks whether the flow
 * holds nothing; what has expired goes, and counts as nothing.
 */
export interface ResourceLockWrites extends FlowPruning {
  /** Null: no exclusive access within the call's `waitMs`. Throws `noRoom(…)` for the first demand that does not fit. */
  acquire(request: AcquireRequest): Grant | null
  release(dfid: string, fence: number | null): void
  renew(dfid: string, leaseMicros: number, fence: number | null): boolean
}

export const resourceLock = protocol<
  ResourceLockStorage,
  ResourceLockReads,
  ResourceLockWrites,
  HoldExport
>()({
  methods: (run) => {
    const acquire: ResourceLockStorage['acquire'] = (dfid, resources, timeoutSec, given) => {
      const flow = id('dfid', dfid)
      const wanted = amounts('resources', resources)
      const waitMs = seconds('timeoutSec', timeoutSec) * 1000
      const { capacities, leaseSec } = checkedOptions(given, {
        capacities: amounts,
        leaseSec: durationMicros,
      })
      if (capacities !== null) run.needs('capacities')
      if (leaseSec !== null) run.needs('leases')
      const demands = Array.from(wanted, ([resourceId, micros]): Demand => {
        const capacity = capacities === null ? MAX_MICROS : capacities.get(resourceId)
        if (capacity === undefined)
          throw new InvalidArgumentError('capacities', 'needs an entry for every named resource')
        return { resourceId, micros, capacity }
      })
      const request = { dfid: flow, demands, leaseMicros: leaseSec }
      return run.writeWithin(waitMs, 'acquire', [flow, ...wanted.keys()], request)
    }

    const fenceOf = (given: unknown) => checkedOptions(given, { fence: sequence }).fence

    return {
      async getLockedAmount(resourceId, excludeDfid) {
        const [resource, excluded] = [id('resourceId', resourceId), nullable(id, 'excludeDfid', excludeDfid)]
        return fromMicros(await run.readAll('getLockedAmount', [resource], resource, excluded))
      },
      acquireBatch: (dfid, resources, timeoutSec, given) =>
        acquire(dfid, resources, timeoutSec, given).then((grant) => grant !== null),
      acquire(dfid, resources, timeoutSec, given) {
        run.needs('capacities')
        return acquire(dfid, resources, timeoutSec, given)
      },
      release: (dfid, given) => run.write('release', [id('dfid', dfid)], dfid, fenceOf(given)),
      renew(dfid, leaseSec, given) {
        run.needs('leases')
        const lease = durationMicros('leaseSec', leaseSec)
        return run.write('renew', [id('dfid', dfid)], dfid, lease, fenceOf(given))
      },
      async getHolds(given) {
        run.needs('capacities')
        const { dfid, resourceId } = checkedOptions(given, { dfid: id, resourceId: id })
        const ids = [dfid, resourceId].filter((one) => one !== null)
        return (await run.readAll('getHolds', ids, dfid, resourceId)).map(toHold)
      },
      async *listHolds(given) {
        run.needs('capacities')
        yield* listed(given, (filter, cursor) => run.readAll('holdsPage', [], filter, cursor))
      },
    }
  },
  iterables: ['listHolds'],
  batch: ['acquireBatch', 'acquire', 'release', 'renew'],
  hasInitSchema: true,
  prunes: { flow: 'nothing' },
  capabilities: { capacities: 'acquire', leases: 'renew' },
  records: { hold: HOLD },
  sortedBy: { hold: ['dfid', 'resourceId'] },
  contradiction: contradictionIn,
})
