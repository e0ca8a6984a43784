import { type ExportedAmount, type Micros, MAX_MICROS, fromMicros } from '../rules/amounts.ts'
import { protocol } from './protocol.ts'
import { InvalidArgumentError, type StoredDataError } from '../errors/index.ts'
import { type Exported, canonicalTime } from './record-rules.ts'
import type { Instant } from '../rules/time.ts'
import { amounts } from '../rules/objects.ts'
import { checkedOptions } from '../rules/fields.ts'
import { amount, durationMicros, id, integer, nullable, seconds, sequence } from '../rules/validate.ts'

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

export interface Hold {
  readonly dfid: string
  readonly resourceId: string
  readonly amount: number | null
  readonly acquiredAt: Instant | null
  /** Null: it does not expire. */
  readonly expiresAt: Instant | null
  /** 0 for a hold that was written without one. */
  readonly fence: number
  /** Only where a stored field cannot be read; that field is null. */
  readonly error?: StoredDataError
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

export interface HoldRow extends Omit<Hold, 'amount'> {
  readonly micros: Micros | null
}

/** What an adapter reads. Expired holds do not exist. */
export interface ResourceLockReads {
  getLockedAmount(resourceId: string, excludeDfid: string | null): Micros
  getHolds(dfid: string | null, resourceId: string | null): HoldRow[]
}

/** What an adapter judges and writes. Expired holds do not exist, and are removed when met. */
export interface ResourceLockWrites {
  /** Null: no exclusive access within the call's `waitMs`. Throws `noRoom(…)` for the first demand that does not fit. */
  acquire(request: AcquireRequest): Grant | null
  release(dfid: string, fence: number | null): void
  renew(dfid: string, leaseMicros: number, fence: number | null): boolean
}

export interface HoldExport extends Exported, ExportedAmount {
  readonly type: 'hold'
  readonly dfid: string
  readonly resourceId: string
  readonly acquiredAt: Instant
  readonly expiresAt: Instant | null
  readonly fence: number
}

const micros = (argument: string, value: unknown): number => integer(argument, value, 0, MAX_MICROS)

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
        const rows = await run.readAll('getHolds', ids, dfid, resourceId)
        return rows.map(({ micros, ...row }) => ({ ...row, amount: micros && fromMicros(micros) }))
      },
    }
  },
  batch: ['acquireBatch', 'acquire', 'release', 'renew'],
  hasInitSchema: true,
  capabilities: { capacities: 'acquire', leases: 'renew' },
  records: {
    hold: {
      dfid: id,
      resourceId: id,
      amount,
      micros: { optional: micros },
      acquiredAt: canonicalTime,
      expiresAt: [canonicalTime],
      fence: sequence,
    },
  },
  contradiction: (hold) =>
    hold.micros === undefined || fromMicros(hold.micros) === hold.amount
      ? null
      : 'amount and micros contradict each other',
})
